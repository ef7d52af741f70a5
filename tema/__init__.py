"""Tema tags paragraphs of Indonesian civil-service news with the public-service values they speak of.

Data flows through the modules in this order: `settings` → `themes` → `readers` and `articles` (files → articles →
paragraphs) → `corpus` (labelled articles) → `splits` → `encoders` → `training` → `calibration` → `evaluation` →
`bundle` (the saved model) → `engine` → `tagging` → `writers`.
"""

__version__ = "0.1.0"
