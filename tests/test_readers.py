"""Inputs of every kind become articles; what cannot be read is set aside with its reason."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT

from tema.errors import InputError
from tema.readers import Reader, decode

Write = Callable[[str, str | bytes], Path]
PAGE = """<html><head><title>Sekda Minta Pegawai Jujur - Portal</title></head><body><nav><a href="/">Home</a></nav><article>
<h1>Sekda Minta Pegawai Jujur</h1><p>Sekretaris daerah meminta seluruh pegawai jujur dalam bekerja dan tidak menerima apa pun dari
rekanan yang berurusan dengan kantor.</p><p>“Amplop itu dikembalikan saja,” katanya di halaman kantor bupati, Senin pagi, di depan
ratusan pegawai yang berbaris sejak pukul tujuh.</p></article><footer>Copyright</footer></body></html>"""


def read(path: Path | str, **options: Any) -> tuple[list[list[str]], Reader]:
    reader = Reader(**options)
    return [[p.text for p in article.paragraphs] for article in reader.read([str(path)])], reader


def test_read_when_text_file_then_a_paragraph_per_line(write: Write) -> None:
    assert read(write("a.txt", "\ufeffJudul\r\n\r\n  Satu.  \nDua.\n"))[0] == [["Judul", "Satu.", "Dua."]]


def test_read_when_file_is_windows_1252_then_it_is_read_as_such(write: Write) -> None:
    assert read(write("a.txt", "“Jujur” – kata Bupati".encode("cp1252")))[0] == [["“Jujur” – kata Bupati"]]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("“Jujur” – kata Bupati. ".encode() + b"Caf\xe9", "“Jujur” – kata Bupati. Café"),
        ("“Jujur” – kata Bupati. ".encode() + "…".encode()[:2], "“Jujur” – kata Bupati. \ufffd"),
    ],
)
def test_decode_when_a_byte_is_not_utf8_then_the_rest_still_is(data: bytes, text: str) -> None:
    assert decode(data) == text


def test_read_when_a_row_of_a_table_has_a_stray_byte_then_no_row_is_lost_or_garbled(write: Write) -> None:
    rows = ["“Kita jujur,” kata Bupati.".encode(), b"Warga caf\xe9 dilayani.", "“Kita netral,” kata Camat.".encode()]
    expected = [["“Kita jujur,” kata Bupati."], ["Warga café dilayani."], ["“Kita netral,” kata Camat."]]
    assert read(write("a.csv", b"text\n" + b"\n".join(b'"' + row + b'"' for row in rows)))[0] == expected
    assert read(write("a.jsonl", b"\n".join(b'{"text": "' + row + b'"}' for row in rows)))[0] == expected


def test_read_when_a_quotation_mark_in_a_tsv_is_not_closed_then_its_row_ends_with_its_line(write: Write) -> None:
    rows = ["id\ttext", '1\t"Kita harus jujur, kata Bupati.', '2\t"Camat menegur ""pegawai"" itu."', "", '3\t"Lurah" hadir.']
    articles, reader = read(write("a.tsv", "\n".join(rows)))
    assert articles == [['"Kita harus jujur, kata Bupati.'], ['Camat menegur "pegawai" itu.'], ['"Lurah" hadir.']]
    assert reader.set_aside == []


def test_read_when_cells_of_a_tsv_are_broken_over_lines_then_they_are_whole(write: Write) -> None:
    assert read(write("a.tsv", 'id\ttext\n1\t"Judul.\nIsi."\n2\tLain.\n'))[0] == [["Judul.", "Isi."], ["Lain."]]
    assert read(write("b.tsv", 'text\n"Judul.\nIsi."\nLain.\n'))[0] == [["Judul.", "Isi."], ["Lain."]]


def test_read_when_a_later_table_lacks_the_column_then_nothing_is_read_before_it_is_said(write: Write) -> None:
    stream = Reader().read([str(write("a.txt", "Satu.")), str(write("b.csv", "isi\nDua.\n"))])
    with pytest.raises(InputError, match="no column 'text'"):
        next(stream)


def test_read_when_bytes_are_no_text_then_set_aside_with_what_was_tried(write: Write) -> None:
    articles, reader = read(write("a.txt", b"abc\x81\xff \x8d"))
    assert articles == []
    assert "neither UTF-8 nor Windows-1252" in reader.set_aside[0].reason


def test_decode_when_binary_then_it_says_so() -> None:
    with pytest.raises(UnicodeError, match="NUL bytes"):
        decode(b"PK\x00\x01")


def test_read_when_page_then_title_and_paragraphs_of_the_article(write: Write) -> None:
    articles, _ = read(write("a.html", PAGE))
    assert articles[0][0] == "Sekda Minta Pegawai Jujur"
    assert any(text.startswith("“Amplop itu dikembalikan") for text in articles[0])
    assert not any("Copyright" in text for text in articles[0])


def test_read_when_page_links_to_other_articles_in_mid_text_then_those_lines_are_boilerplate(write: Write) -> None:
    page = (ROOT / "data" / "samples" / "bupati-ende-asn-rumah-bersama.html").read_text(encoding="utf-8")
    (article,) = Reader().read([str(write("a.html", page))])
    kinds = {paragraph.text: paragraph.kind for paragraph in article.paragraphs}
    assert kinds["Remaja Masjid dan OMK Bersihkan Pantai Ria Bersama"] == "boilerplate"
    assert not any("](" in text for text in kinds)


def test_read_when_page_has_a_standing_head_then_the_heading_of_its_own_title_stands_in_its_place(write: Write) -> None:
    page = (ROOT / "data" / "samples" / "bupati-ende-asn-rumah-bersama.html").read_text(encoding="utf-8")
    (article,) = Reader().read([str(write("a.html", page))])
    title = "Bupati: Kantor Adalah Rumah Bersama, Jangan Ada Sekat Suku dan Agama"
    assert article.title == title
    assert (article.paragraphs[0].text, article.paragraphs[0].kind) == (title, "headline")
    assert [paragraph.text for paragraph in article.paragraphs].count(title) == 1
    assert "Berita Daerah" not in [paragraph.text for paragraph in article.paragraphs]


def test_read_when_page_names_only_its_site_then_the_title_found_stays(write: Write) -> None:
    page = PAGE.replace("Sekda Minta Pegawai Jujur - Portal", "Portal Berita Kabupaten")
    (article,) = Reader().read([str(write("a.html", page))])
    assert article.title == "Sekda Minta Pegawai Jujur"


@pytest.mark.parametrize("content", ["", "  \n\n "])
def test_read_when_file_is_empty_then_set_aside(write: Write, content: str) -> None:
    articles, reader = read(write("a.txt", content))
    assert articles == []
    assert [left.reason for left in reader.set_aside] == ["empty"]


def test_read_when_csv_has_quoted_lines_then_one_article_per_row(write: Write) -> None:
    path = write("a.csv", 'id,text\n7,"Judul Satu\nIsi, pertama."\n8,"Judul Dua\nIsi ""kedua""."\n')
    articles, _ = read(path)
    assert articles == [["Judul Satu", "Isi, pertama."], ["Judul Dua", 'Isi "kedua".']]


def test_read_when_id_column_named_then_ids_come_from_it(write: Write) -> None:
    path = write("a.tsv", "no\tisi\nx1\tSatu.\n")
    assert [a.article_id for a in Reader("isi", "no").read([str(path)])] == ["x1"]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_read_when_csv_is_as_excel_writes_it_in_indonesia_then_read_alike(write: Write, delimiter: str) -> None:
    rows = [["id", "judul", "text"], ["7", "Satu, Dua", "Isi, pertama."], ["8", "", "Isi kedua."]]
    path = write("a.csv", "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows))
    assert [[p.text for p in article.paragraphs] for article in Reader().read([str(path)])] == [["Isi, pertama."], ["Isi kedua."]]


def test_read_when_title_column_is_named_then_it_heads_the_article(write: Write) -> None:
    path = write("a.csv", "judul,text\nSekda Minta Pegawai Jujur,Isi pertama yang cukup panjang.\n,Isi kedua.\n")
    first, second = Reader(title_column="judul").read([str(path)])
    assert (first.title, first.paragraphs[0].kind) == ("Sekda Minta Pegawai Jujur", "headline")
    assert [p.text for p in second.paragraphs] == ["Isi kedua."]


def test_read_when_folder_holds_files_of_other_kinds_then_their_number_is_said(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write("a.txt", "Satu.")
    write("b.docx", "x")
    assert len(list(Reader().read([str(tmp_path)]))) == 1
    assert "files of other kinds are not read: 1" in capsys.readouterr().err


def test_read_when_csv_lacks_the_column_then_nearest_and_all_are_named(write: Write) -> None:
    with pytest.raises(InputError, match=r"no column 'text'. Did you mean 'teks'\? It has: id, teks. Name it with --text-column"):
        read(write("a.csv", "id,teks\n1,a\n"))


def test_read_when_csv_row_is_ragged_then_only_it_is_set_aside(write: Write) -> None:
    articles, reader = read(write("a.csv", "id,text\n1,a,b\n2,Dua.\n"))
    assert articles == [["Dua."]]
    assert reader.set_aside[0].source.endswith("a.csv:1")
    assert "expected 2 columns, found 3" in reader.set_aside[0].reason


def test_read_when_jsonl_row_is_broken_then_its_number_is_told_and_the_rest_goes_on(write: Write) -> None:
    articles, reader = read(write("a.jsonl", '{"text": "Satu."}\n{"text": \n\n{"text": "  "}\n{"teks": "x"}\n{"text": "Dua."}\n'))
    assert articles == [["Satu."], ["Dua."]]
    assert [left.source.rsplit(":", 1)[1] for left in reader.set_aside] == ["2", "4", "5"]
    assert "not valid JSON" in reader.set_aside[0].reason
    assert "no text in 'text'" in reader.set_aside[1].reason
    assert "no 'text' among ['teks']. Did you mean 'teks'?" in reader.set_aside[2].reason


def test_read_when_parquet_then_rows_stream(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["Satu.", None, "Tiga."]}), tmp_path / "a.parquet")
    articles, reader = read(tmp_path / "a.parquet")
    assert articles == [["Satu."], ["Tiga."]]
    assert reader.set_aside[0].source.endswith("a.parquet:2")


def test_read_when_parquet_is_broken_then_set_aside(write: Write) -> None:
    assert "not a Parquet file" in read(write("a.parquet", "no"))[1].set_aside[0].reason


def test_read_when_folder_then_all_files_below_sorted(write: Write, tmp_path: Path) -> None:
    for name in ("b.txt", "a/c.txt", "a/skipped.doc"):
        write(name, name)
    assert read(tmp_path)[0] == [["a/c.txt"], ["b.txt"]]
    assert read(tmp_path / "**" / "c.txt")[0] == [["a/c.txt"]]


def test_read_when_file_is_given_twice_then_read_once(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write("a.txt", "Satu."))
    assert len(list(Reader().read([path, path]))) == 1
    assert "given twice, read once" in capsys.readouterr().err


def test_read_when_stdin_then_one_article(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"Judul\nIsi.")))
    assert read("-")[0] == [["Judul", "Isi."]]


def test_read_when_nothing_is_there_then_nearest_name(write: Write) -> None:
    path = write("berita.txt", "x")
    with pytest.raises(InputError, match=r"no such file, folder or match. Did you mean 'berita.txt'\?"):
        read(path.with_name("berit.txt"))


def test_read_when_ending_is_unknown_then_known_ones_are_listed(write: Write) -> None:
    with pytest.raises(InputError, match=r"cannot read a .docx; expected .txt"):
        read(write("a.docx", "x"))


def test_read_when_many_articles_then_only_the_current_one_is_held(write: Write) -> None:
    path = write("many.jsonl", "".join(f'{{"text": "Artikel {i}. {"isi " * 250}"}}\n' for i in range(1000)))
    stream = Reader().read([str(path)])
    assert next(stream).paragraphs[0].text.startswith("Artikel 0.")
    with path.open("r+b") as file:  # a reader that had taken everything in would not notice
        file.truncate(100_000)
    assert 50 < sum(1 for _ in stream) < 500


def test_read_when_json_spells_half_a_character_then_the_text_can_still_be_written(write: Write) -> None:
    articles, _ = read(write("a.jsonl", '{"text": "\\ud83d abc"}\n'))
    assert articles == [["? abc"]]


@pytest.mark.parametrize(
    "row", ['{"text": "\\ufeff"}', '{"text": "\\u00a0 \\u2003"}', '{"text": ' + "9" * 5000 + "}", "[" * 100_000]
)
def test_read_when_json_is_hostile_then_set_aside(write: Write, row: str) -> None:
    articles, reader = read(write("a.jsonl", row + '\n{"text": "Dua."}\n'))
    assert articles == [["Dua."]]
    assert len(reader.set_aside) == 1


def test_read_when_a_table_in_a_folder_lacks_the_column_then_it_is_set_aside_and_the_rest_goes_on(
    write: Write, tmp_path: Path
) -> None:
    write("a.csv", "id,isi\n1,x\n")
    write("b.txt", "Dua.")
    articles, reader = read(tmp_path)
    assert articles == [["Dua."]]
    assert "no column 'text'" in reader.set_aside[0].reason


def test_read_when_the_output_of_an_earlier_run_lies_in_the_folder_then_it_is_no_input(write: Write, tmp_path: Path) -> None:
    write("a.txt", "Satu.")
    output = str(write("tags.jsonl", '{"text": "x"}\n'))
    assert read(tmp_path, output=output)[0] == [["Satu."]]
    with pytest.raises(InputError, match="is both an input and the output"):
        read(output, output=output)


def test_read_when_a_text_is_given_as_a_file_name_then_told_of_text() -> None:
    with pytest.raises(InputError, match="too long for a file name; give a text with --text"):
        list(Reader().read(["ASN harus jujur " * 100]))


def test_read_when_utf_16_is_cut_in_mid_character_then_the_rest_is_read(write: Write) -> None:
    data = "text\nSatu.\n".encode("utf-16")[:-1]
    assert read(write("a.csv", data))[0] == [["Satu."]]


def test_read_when_page_is_one_of_predicts_own_then_set_aside(write: Write) -> None:
    from tema.page import MARK

    articles, reader = read(write("tags.html", PAGE.replace("<head>", f"<head>{MARK}")))
    assert articles == []
    assert [left.reason for left in reader.set_aside] == ["a page of tags that predict.py wrote, not an article"]


def test_read_when_table_holds_an_earlier_runs_tags_then_set_aside_unless_named(write: Write, tmp_path: Path) -> None:
    tags = '{"article_id": "a", "source": "a.txt", "paragraph": 0, "text": "Satu.", "themes": [], "needs_review": false}\n'
    path = write("tags.jsonl", tags)
    articles, reader = read(path.parent)
    assert articles == []
    assert [left.reason for left in reader.set_aside] == [
        "a table of tags that predict.py wrote, not articles; named by itself it is read"
    ]
    assert read(path)[0] == [["Satu."]]


@pytest.mark.parametrize("address", ["https://a.id/x", "https://a.id/x_(1)", "javascript:void(0)", "/berita lain/x"])
def test_page_when_a_links_address_holds_anything_then_its_words_alone_are_left(write: Write, address: str) -> None:
    also, cited = (f'<a href="{address}">{words}</a>' for words in ("Sekda Ajak Pegawai Jujur", "surat edaran"))
    page = PAGE.replace("</article>", f"<p>Baca juga: {also}</p><p>Lihat {cited} itu.</p></article>")
    (article,) = Reader().read([str(write("a.html", page))])
    kinds = {paragraph.text: paragraph.kind for paragraph in article.paragraphs}
    assert kinds["Baca juga: Sekda Ajak Pegawai Jujur"] == "boilerplate"
    assert kinds["Lihat surat edaran itu."] == "body"


def test_read_when_id_or_file_name_holds_half_a_character_then_it_can_be_written(write: Write, tmp_path: Path) -> None:
    path = write("a.jsonl", '{"no": "\\ud800", "text": "Satu."}\n')
    (article,) = Reader("text", "no").read([str(path)])
    assert article.article_id == "?"
    name = os.fsencode(tmp_path) + b"/b\xff.txt"
    with open(name, "w", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("Satu.")
    (article,) = Reader().read([os.fsdecode(name)])
    assert article.article_id == "b?"
    assert article.source.endswith("b?.txt")


LINE = "Sekda meminta {} pegawai menepati jam kerja dan tidak meninggalkan warga yang sedang menunggu di loket pelayanan."


def test_read_when_other_articles_are_listed_after_the_page_then_boilerplate(write: Write) -> None:
    body = "".join(f"<p>{LINE.format(n)}</p>" for n in ("semua", "para", "segenap"))
    others = "".join(
        f'<li><a href="/{n}">Bupati: PNS Wajib Netral di Pilkada {n}</a><span>{n} jam lalu</span></li>' for n in (1, 2)
    )
    heading = "<h1>Sekda Minta Pegawai Menepati Jam Kerja</h1>"
    page = f'<html><body><div class="isi-berita">{heading}{body}</div><div><ul>{others}</ul></div>'
    (article,) = Reader().read([str(write("a.html", f"{page}</body></html>"))])
    kinds = {paragraph.text: paragraph.kind for paragraph in article.paragraphs}
    assert [kind for text, kind in kinds.items() if text.startswith("Sekda meminta")] == ["body"] * 3
    assert [(text, kind) for text, kind in kinds.items() if "Wajib Netral" in text] == [
        (f"- Bupati: PNS Wajib Netral di Pilkada {n} {n} jam lalu", "boilerplate") for n in (1, 2)
    ]


def test_read_when_a_read_also_link_stands_in_a_paragraph_then_it_gets_a_line_of_its_own(write: Write) -> None:
    link = '<strong>Baca juga: <a href="/1">PNS Wajib Netral di Pilkada</a></strong>'
    body = f"<p>{LINE.format('semua')} {link} {LINE.format('para')}</p><p>{LINE.format('segenap')}</p>"
    page = f"<html><body><article><h1>Sekda Minta Pegawai Menepati Jam Kerja</h1>{body}</article></body></html>"
    (article,) = Reader().read([str(write("a.html", page))])
    assert [(paragraph.text, paragraph.kind) for paragraph in article.paragraphs[-4:]] == [
        (LINE.format("semua"), "body"),
        ("Baca juga: PNS Wajib Netral di Pilkada", "boilerplate"),
        (LINE.format("para"), "body"),
        (LINE.format("segenap"), "body"),
    ]


@pytest.mark.parametrize("content", ["<html><body></body></html>", "<html><body><script>1</script></body></html>"])
def test_read_when_page_holds_no_article_then_set_aside(write: Write, content: str) -> None:
    articles, reader = read(write("a.html", content))
    assert articles == []
    assert [left.reason for left in reader.set_aside] == ["no article text found in the page"]
