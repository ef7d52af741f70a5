"""What a site puts around or between a writer's words: one line in, whether it is such furniture out.

A line is boilerplate when a pattern matches all of it, or it consists of fields between bars, and it neither sounds like
somebody's words nor is long; a few marks overrule the sound.
"""

from __future__ import annotations

import re

_DAY = r"(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad)"
_MONTH = (
    r"(?:jan(?:uari)?|feb(?:ruari)?|mar(?:et)?|apr(?:il)?|mei|jun[ie]?|jul[iy]?|agu?(?:stus|st|s)?|aug(?:ust)?|"
    r"sep(?:t(?:ember)?)?|okt(?:ober)?|oct|nov(?:ember)?|des(?:ember)?|dec)\.?"
)
_DATE = rf"(?:{_DAY}\s*[,(]?\s*)?(?:\d{{1,2}}\s+{_MONTH}\s+\d{{4}}|\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{2,4}}|\d{{4}}-\d\d-\d\d)\)?"
_TIME = r"(?:(?:pukul|jam|pkl\.?)\s*)?\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s*(?:wib|wita|wit|am|pm))?"
_NETWORKS = (
    r"(?:facebook|fb|twitter|x|whats\s?app|wa|telegram|instagram|ig|line|linkedin|pinterest|threads|tiktok|e-?mail|surel|print|pdf|icon|"
    r"cetak|copy(?: link| url)?|salin(?: tautan| link)?|tweet|pin|like|suka|share(?: this| on)?|bagikan(?: ke)?(?: artikel(?: ini)?)?|sebarkan)"
)
_CREDIT = (
    r"(?:penulis|editor|rep(?:orter)?|red|pewarta|wartawan|kontributor|redaktur|redaksi|sumber(?: berita| artikel| foto)?|uploader|pengunggah|"
    r"fotografer|juru foto|penyunting|laporan|teks|naskah|tim liputan|liputan|publisher|penerbit|posted by|oleh|by|admin|"
    r"kiriman warga|kiriman|ditulis oleh|diterbitkan oleh|nomor|rilis|author|kredit foto|video(?:grafer)?)"
)
_COMMENT_FORM = (
    r"^(?!.*[“”\"])\W*(?:\d+ komentar\W+tulis komentar\b|(?:beri(?:kan)? komentar\W+)?komentar(?: anda| pembaca)?\s(?:sepenuhnya (?:menjadi )?tanggung ?jawab (?:pengirim|penulis|pembaca)|akan tampil|dimoderasi)|"
    r"(?:tulis|tinggalkan|kirim)(?:kan)? komentar(?: anda|mu)(?: di (?:bawah(?: ini)?|sini|kolom ini))?\s*(?:[.!*\[]|$)|"
    r"belum ada komentar\s*[.!]\s*(?:$|jadilah|tulis|kirim|silakan)|(?:kolom )?komentar (?:telah |sudah )?ditutup\s*(?:untuk|$|[.!])|komentar\s*[:：–—-]\s*(?:masuk|login|silakan)\b|komentar\s*\(\d+\)|(?:beri(?:kan)?|kirim|tulis|kolom) komentar\s*(?:[:：]|[–—-] )|"
    r".{0,120}\bkomentar\b.{0,120}\bnama\s*[*/|\]]\W{0,4}(?:e-?mail|surel)\b)"
)

_NAMES = r"(?:[^.!?\"“”]|(?-i:\b(?:[A-Z]|[A-Z]\.[A-Z][a-z]{1,3}|Hj|Dra?|Drs|Ir|dr)\.))"  # what can stand in a caption's list of persons

# Each pattern matches a whole line (white space folded, case ignored).
_BOILERPLATE = [
    # Read-also links: the label alone, with a colon or bar, or directly followed by a title.
    r"[\W_]*(?:baca|lihat|simak|tonton|cek)\s*(?:juga|pula|lagi|selengkapnya|(?:berita |artikel |tulisan )?lain(?:nya)?|edisi ini)\b\s*(?:[:：;|>»–—-].*|\W*)",
    r"[\W_]*(?:baca|simak|tonton|terkait)\s*[:：|>»]\s*\S.*",
    r"[\W_]*(?:baca|lihat|simak|tonton)\s*(?:juga|pula|selengkapnya)\b(?:\s+\S+){1,22}(?<![.”\"])",
    r"[\W_]*(?:berita|artikel|konten|video|topik|bacaan|tulisan|kabar|opini|baca opini|kolom|post(?:ingan)?)\s+"
    r"(?:terkait|lain(?:nya)?|populer|terpopuler|terkini|terbaru|rekomendasi|pilihan|menarik lainnya|sebelumnya|selanjutnya)\b\s*(?:[:|–-].*|\W*)",
    r"[\W_]*(?:rekomendasi(?: untuk anda)?|pilihan editor|pilihan redaksi|terpopuler|most popular|related (?:posts?|articles?)|"
    r"you may also like|jangan lewatkan|anda mungkin suka|read more|trending)\b\s*(?:[:|–-].*|\W*)",
    r"(?:(?:siaran pers|rilis|pengumuman|tulisan \w+)\s+)?(?:lain(?:nya)?|terkini|terbaru)\s*[:：]\s*\S.*(?: [–—|/-] |; |\d\) ).*",
    # Bylines and credits.
    r"\(penulis (?:adalah|merupakan)\b[^()]{0,160}\)",
    r"penulis (?:adalah|merupakan)\b.{0,120}\btulisan ini\b.{0,40}\bpendapat pribadi\b.{0,40}",
    rf"[\W_]*{_CREDIT}(?:\s*[/&]\s*{_CREDIT})*\s*[:：|]\s*.{{0,120}}",
    rf"[^.!?:]{{0,60}}[|•·–—(-]\s*{_CREDIT}\s*[:：].{{0,60}}",
    r"[\W_]*(?:oleh|by|posted by|ditulis oleh|laporan wartawan|reporter|editor|penulis|pewarta)"
    r"(?-i:(?: [A-Z][\w.'’`-]{0,30},?){1,5})(?: ?[|/–-].{0,80})?",
    r"(?-i:(?:Ditulis )?[Oo]leh:?(?: [A-Z][\w.'’`-]{0,30},?){2,5}).{0,80}",
    r"(?:kolom|opini|feature|kolumnis|surat pembaca)\s*\|.{0,120}",
    # Initials: (ris/hms), [adv], ***, -hms-, (*/din).
    r"[\[(]\s*[^()\[\]]{1,24}\s*[\])][.*]*",
    r"[*•·#_=~–— .-]{1,80}(?:[\[(][\w/ .-]{1,24}[)\]])?",
    r"[-–—*/]\s*\w{2,10}(?:[/.&-]\w{2,10}){0,3}\s*[-–—*/]?",
    r"(?:\w{2,6})(?:/\w{2,10}){1,3}\.?",
    # Date lines.
    rf"[\W_]*(?:(?:di)?(?:publi[ks]a?s?i?(?:kan|shed)?|terbit(?:kan)?|posting|unggah|tayang|tulis|perbarui|update[d]?)|terakhir diperbarui|posted on|last updated?|"
    rf"dibuat|tanggal)?\s*(?:pada)?\s*[:|]?\s*{_DATE}(?:\s*[|,@•·/–—-]?\s*{_TIME})?\W*(?:{_TIME})?(?:(?:[|•·–—-]|oleh (?:admin|humas|redaksi|operator|tim)\b).{{0,60}})?",
    rf"[\w.'’ -]{{0,50}}[|•·–—-]\s*{_DATE}(?:\s*[|,@•·–—-]?\s*{_TIME})?\W*(?:[|•·–—-].{{0,60}})?",
    rf"[^.!?\"“”]{{0,90}}[\s(]{_DATE}(?:\s*[|,@•·/–—-]?\s*{_TIME})?\)?",
    rf"{_DAY},?\s*{_TIME}",
    r"(?:siaran pers|press release|rilis pers|pers rilis)\b(?:[^.!?:]{0,110}|\W*no(?:mor)?\b.{0,80}|"
    r"\W*(?:kemen\w+|dinas|humas|badan|biro|bagian|kantor|kanwil|pemkab|pemkot|pemprov|polda|polres)\b[^.!?]{0,60})",
    r"\d+\s+(?:detik|menit|jam|hari|minggu|bulan)\s+(?:yang )?lalu\W*",
    rf"[\W_]*(?:{_DAY}|[a-z]{{3}})[.,]*\s+{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}\W*",
    r"(?:published|diterbitkan|tayang|terbit)\s+\d+\s+(?:\w+\s+ago|\w+ (?:yang )?lalu)\b.{0,40}",
    # Counters and share buttons.
    r"[\W_]*(?:\d[\d.,]*\s*(?:k|rb|ribu|jt|juta)?\s*(?:x|kali)?\s*)(?:views?|viewers?|dibaca|dilihat|pembaca|tayangan|shares?|komentar|comments?|"
    r"likes?|suka|reaksi|dibagikan|menit (?:baca|membaca)|min(?:ute)?s? read|hits?)\b.{0,60}",
    r"(?:[^.!?]{0,30}[|•·]\s*)?[\W_]*(?:total )?(?:views?|dibaca|dilihat|dikunjungi|hits?|shares?|jumlah pembaca|pembaca|(?:jumlah )?pengunjung(?: hari ini)?|komentar|comments?|post views|tayangan|"
    r"bagikan|dibagikan|disukai|disukai oleh)\s*[:：(]?\s*\d[\d.,]*\s*(?:k|rb|ribu|kali|x|jt)?\)?.{0,60}",
    r"(?:telah|sudah)\s+(?:\w+ dan )?(?:dibaca|dilihat|didengar)\W*\d.{0,20}",
    r"(?:suka|likes?)\W*\d[\d.,]*(?:\W+(?:bagikan|simpan|komentar|balas)\b\W*[\d.,]*)+",
    r"[\W_]*(?:dibaca normal|(?:waktu|lama|estimasi) (?:mem)?baca|jumlah tayang(?:an)?)\W*\d.{0,30}",
    r"[\W_]*(?:artikel|berita|tulisan|konten|halaman) ini (?:(?:telah|sudah|pernah) )?(?:di(?:baca|lihat) (?:sebanyak )?\d[\d.,]*\s*(?:k|rb|ribu|jt)?\s*(?:x|kali|orang)?\W*(?:bagikan\b.{0,80})?|"
    r"\d[\d.]* (?:x|kali) di(?:baca|lihat)\W*|(?:tayang|terbit)\b.{0,60}(?:(?:\.com|\.id)\W*|dengan judul.{0,160}))",
    rf"(?:dibagikan\W+)?(?:{_NETWORKS}|komentar)\W*\d[\d.,]{{0,6}}(?:\W+(?:{_NETWORKS}|komentar)\W*\d[\d.,]{{0,6}})+",
    r"pengunjung\s+(?:hari ini|kemarin|bulan ini|online|daring|situs|website|laman)\b\W*\d[\d.,]*(?:\W+total\W*\d[\d.,]*)?",
    rf"[\W_]*(?:share|bagikan|sebarkan|ikuti kami)?\W*(?:{_NETWORKS})(?:[\s|,:;/·•&+–-]+(?:{_NETWORKS}|dan|di))*\W*",
    r"[\W_]*(?:share|bagikan|sebarkan)\b.{0,30}(?:berita|artikel|ini|:|tulisan|tautan).{0,60}",
    # Advertisements, notices, subscriptions.
    r"[\W_]*(?:advert(?:isement|orial)|(?:pasang |jeda )?iklan|sponsor(?=\s*[^\w\s])|adv|sponsored|promoted|konten (?:sponsor|berbayar|promosi)|scroll (?:to|untuk|ke)|"
    r"gulir (?:ke bawah|untuk)|geser untuk|adsense|pariwara|close ads|tutup iklan)\b.{0,80}",
    r".{0,160}\b(?:cookies?|kuki|kebijakan privasi|privacy policy|syarat (?:dan|&) ketentuan|pedoman media siber)\b.{0,160}",
    r".{0,120}\b(?:aktifkan|izinkan|nyalakan|terima|dapatkan)\s+(?:\w+\s+){0,3}(?:notifikasi|pemberitahuan|newsletter|buletin|update berita)\b.{0,140}",
    r".{0,120}\b(?:google news|saluran whatsapp|whatsapp channel|kanal whatsapp|channel telegram|kanal youtube kami)\b.{0,140}",
    r"[\W_]*(?:ikuti|follow|gabung(?:lah)?|langganan|berlangganan|subscribe|unduh|download)\b.{0,80}\b(?:kami|akun|aplikasi|kanal|channel|media sosial|medsos|newsletter|berita)\b.{0,80}",
    r"[\W_]*(?:dapatkan|klik|simak|temukan|cek|update)\b.{0,80}\b(?:berita|artikel|info(?:rmasi)?)\b.{0,60}\b(?:kami|ponsel anda)\W*",
    r"[\W_]*klik\b.{0,60}\b(?:saluran|kanal|grup|channel|di sini)\b.{0,60}",
    # Comment forms.
    r"[\W_]*(?:tinggalkan|tulis(?:kan)?|beri(?:kan)?|kirim|tambahkan|post|leave a?|batalkan|lihat semua|belum ada|jadilah yang pertama)\s*(?:sebuah |a |your )?"
    r"(?:balasan|komentar|reply|comment|memberi(?:kan)? komentar|berkomentar)\b.{0,80}",
    rf"{_COMMENT_FORM}.{{0,200}}",
    r"kolom komentar\s*[:：].{0,160}",
    r"(?:komentar|comments?|kolom komentar|komentar(?:nya)? (?:ditutup|anda|pembaca).{0,40}|balas|reply|login untuk.{0,60}|masuk untuk.{0,60})\W*(?:\(\d+\))?\W*",
    r"(?:login|masuk) untuk berkomentar\b.{0,120}",
    r".*\b(?:alamat (?:e-?mail|surel) (?:anda|kamu)|email address) (?:tidak akan|will not).*",
    r"(?:komentar|comments?)\W*\(\d+\)\W*(?:masuk|login|tulis|kirim)\b.{0,200}",
    r"nama dan (?:alamat )?(?:surel|e-?mail)(?: anda)? wajib diisi\W*",
    r".*\b(?:ruas|kolom|bidang) (?:yang )?(?:wajib|bertanda).*(?:ditandai|diisi|wajib).*",
    r".*\bsimpan nama,? (?:saya,?|(?:alamat )?e-?mail).*(?:peramban|browser|komentar|situs).*",
    r"(?:\[?(?:nama|e-?mail|surel|situs(?: web)?|website|url|komentar|pesan|kode captcha|kirim(?: komentar)?)(?: \(wajib\))?\]? ?[*:]? ?[|/,–—-]? ?){1,6}",
    # Captions.
    r"[\W_]*(?:(?:ket(?:erangan)?\.?|teks|caption)\s*(?:foto|gambar)(?: \w+)?|foto(?: bersama| ilustrasi| istimewa)?|caption|gambar|ilustrasi|dok(?:umentasi|\.)?|istimewa|ist)\s*[:：/|.].{0,260}",
    r"[^!?\"“”]{0,260}[.\s][(\[]\s*(?:(?:sumber\s+)?foto|dok(?:umentasi)?|ist(?:imewa)?|gambar|ft)\b\s*[.:/]?[^()\[\]]{0,60}[)\]]\.?",
    rf"{_NAMES}{{0,240}}[.\s/|(–-]\s*(?:foto\s*[:/]|(?-i:Foto\.)|dok\s*[:/.]).{{0,60}}",
    r"[^!?\"“”]{0,200}\((?:ki-ka|kiri-kanan)\).{0,160}",
    r"[^!?\"“”]{0,260}(?-i:\(\d{1,2}/\d{1,2}/\d{4}\)\. (?:\([A-Z][\w ./]{1,40}\)|[A-Z][\w ]{0,30}/[\w .]{1,25}))",  # a date, then a credit alone
    r"[^!?\"“”]{0,200}\)\. dari kiri\b.{0,160}",
    r"(?:\d+ )?komentar\W+(?:tulis|jadilah|belum ada|silakan masuk|\d+\W+jadilah)\b.{0,160}",
    rf"{_NAMES}{{0,160}}(?:\((?:kiri|kanan|tengah|depan|berdiri|duduk|[a-z]+ (?:dari )?(?:kiri|kanan))\)|\bdari kiri\b).{{0,120}}",
    r"dokumentasi\s[^.!?]{0,160}\.?",
    r"(?:foto|gambar|dok(?:umentasi)?\.?|ilustrasi|istimewa|ist)[.:]?",
    r"[^!?\"“”]{0,200}(?-i:\. Perbesar)",
    r"simak (?:juga )?video\W.{0,120}",
    # Tags, breadcrumbs, copyright, addresses of pages.
    r"[\W_]*(?:tags?|topik|kata kunci|label|kategori|keywords?|rubrik)\s*[:#：].{0,200}",
    r"(?:#\w+[\s,]*){1,30}",
    r"(?:home|beranda|depan)(?:\s*[>/»|›-].{0,120})?",
    r"[\w&.' -]{2,30}[>»›][\w&.', -]{2,80}(?:[>»›].{0,80})?",
    r".*(?:©|\(c\)\s*(?:19|20)\d\d|copyright|hak cipta (?:©|dilindungi|\d{4})|all rights? reserved|dilarang (?:meng(?:ambil|utip|copy)|menyalin|memperbanyak).{0,60}\b(?:konten|berita|artikel|isi (?:situs|laman|website|web|halaman))\b).{0,160}",
    r"\W*dilarang (?:keras )?(?:meng(?:ambil|utip|copy)|menyalin|memperbanyak)\b.{0,80}\b(?:isi|tanpa izin)\b.{0,160}",
    r"(?:https?://|www\.)\S+",
    r"(?:\d+\s+){1,8}(?:selanjutnya|next)",
    r"(?-i:[A-Z0-9&.'-]{2,20}(?: [A-Z0-9&.'-]{2,20})? ?(?:[|»] ?[A-Z0-9&.'-]{2,20}(?: [A-Z0-9&.'-]{2,20})?){1,3})",  # KABAR KITA | BERITA UTAMA
    # Buttons and menus.
    r"(?:like this|sukai ini|memuat|artikel asli|(?:next|previous) post)\W*",
    r"hubungi kami\s*[:：].{0,120}",
    r".{0,160}\bbergabung di (?:grup|group|saluran|kanal) (?:telegram|whatsapp|wa)\b.{0,160}",
    r"[\W_]*(?:menu|mode (?:gelap|terang)|perbesar|selengkapnya|populer|writer|badge-check|get in touch|skip to content|langsung ke konten|"
    r"url (?:berhasil|telah) (?:dicopy|disalin)|font|ukuran|a- a\+|tayang|terbit|[\W_])[\W_]*(?:ukuran[\W_]*)?",
    r"(?:halaman|page|hal)\.?\s*(?:\d+|selanjutnya|berikutnya|sebelumnya)(?:\s*(?:dari|of|/)\s*\d+)?.{0,30}",
    r"(?:selanjutnya|sebelumnya|next|previous|prev|lanjut(?:kan)? membaca|baca selengkapnya|muat lagi|load more|show all|tampilkan semua|loading|kembali ke atas)\W*(?:[:|].{0,120})?",
]
_IS_BOILERPLATE = re.compile("|".join(f"(?:{pattern})" for pattern in _BOILERPLATE), re.IGNORECASE)
_LONGEST_BOILERPLATE = 60, 500  # words, characters; a longer line is somebody's paragraph whatever it begins with
# What makes a line somebody's words although it begins or ends like furniture ...
_SENTENCE = re.compile(
    r"[“”\"]|[\w)]{2}[.?!]$|[.?!]\s+[A-Z]|\b(?:kata|ujar|tegas|pesan|ajak|jelas|menurut|ungkap|tutur|imbuh|agar|supaya|karena|"
    r"wajib|harus|jangan|adalah|meminta|mengaku|menyebut|mendorong|memecat|sudah|itu)(?:nya)?\b"
)
# ... unless it bears one of these marks, which no paragraph does.
_MARKS = [
    _COMMENT_FORM,
    # Comment forms and logins.
    r"alamat (?:e-?mail|surel)",
    r"masuk untuk menulis",
    r"(?:surel|e-?mail)(?: anda)? wajib diisi",
    r"\(wajib\)",
    r"ruas yang wajib",
    r"berkomentar",
    r"\b(?:tulis|tinggalkan) komentar(?: anda)?\W*(?:$|nama\b)",
    r"^\W*tinggalkan (?:balasan|komentar)\s*[.:]",
    r"^\W*kolom komentar\s*[:：]",
    r"\b(?:masuk|login) dengan akun\b",
    r"^\d+ komentar\W+(?:silakan )?masuk\b",
    r"\bkomentar yang mengandung\b",
    # Notices.
    r"\bbergabung di (?:grup|group|saluran|kanal) (?:telegram|whatsapp|wa)\b",
    r"©",
    r"copyright",
    r"all rights",
    r"hak cipta",
    r"peramban",
    r"browser",
    r"cookie",
    r"kuki",
    r"newsletter",
    r"google news",
    r"whatsapp channel",
    r"^\W*(?:aktifkan|izinkan|nyalakan|terima|dapatkan)\b.{0,60}\bnotifikasi\b",
    r"\bkebijakan privasi (?:kami|situs|laman|website)\b",
    r"^\W*dilarang (?:keras )?(?:meng|menyalin|memperbanyak)",
    # Read-also links.
    r"^simak (?:juga )?video\W*[\"“:]",
    r"^\W*(?:baca|lihat|simak)\s*(?:juga|pula|(?:berita |artikel |tulisan )?lain(?:nya)?|edisi ini)?\s*[:：|>»]",
    r"^\W*terkait\s*[:：|]",
    r"^\W*(?:(?:artikel|berita) (?:terkait|lain(?:nya)?|(?:ter)?populer)|terpopuler)\b",
    # Credits and captions.
    r"\bfoto\s*[:/]",
    r"(?-i:\bFoto\.)",
    r"[(\[](?:foto|dok|ist)\b",
    r"^\W*(?:foto|caption|tags?|topik|penulis|oleh|editor|reporter|pewarta|sumber|ket(?:erangan)? foto(?: \w+)?|siaran pers)\s*[:：]",
    r"^\(penulis\b",
    r"\bpendapat pribadi\b",
    r"\)\. dari kiri\b",
    r"\((?:ki-ka|kiri-kanan)\)",
    r"(?-i:\. Perbesar$)",
    r"\((?:kiri|kanan|tengah)\)",
    r"\bdok\. ",
    # Counters and adverts.
    r"^\W*\d[\d.,]* kali (?:dibaca|dilihat)\W",
    r"^\W*di(?:baca|lihat|bagikan)\W*\d[\d.,]*\s*(?:k|rb|ribu|jt)?\s*(?:x|kali)\b",
    r"^\W*pengunjung hari ini\b",
    r"^(?:telah|sudah) (?:\w+ dan )?(?:dibaca|dilihat|didengar)\W*\d",
    r"^\W*advertisement\b",
    r"^\W*iklan\s*[.:–—-]",
    r"^\W*(?:artikel|berita|tulisan|konten|halaman) ini (?:(?:telah|sudah|pernah) )?(?:di(?:baca|lihat)|tayang|terbit|\d)",
    # Dates, initials, addresses.
    r"\d(?:st|nd|rd|th),? \d{4}",
    r"^[(\[][^()\[\]]{1,24}[)\]]",
    r"^[\w/.-]+$",
    r"(?:wib|wita|wit)\b(?!.*\w{2}\.$)",
]
_MARK = re.compile("|".join(_MARKS), re.IGNORECASE)
# What a caption bears after its date: ", Jumat (8/2/2019). KBN/Yanto S."
_CREDIT_AT_END = re.compile(r"(?<=\d{4}\))\. (?:\([A-Z][\w ./]{1,40}\)|[A-Z][\w ]{0,30}/[\w .]{1,25})$")


# Fields between bars or dashes, one of which is a date, a counter or somebody's role: "SINGARAJA – 8 Juni 2017 – 86 tayangan".
_BAR = re.compile(r"\||\s(?:[•·–—-]|--)\s")
_FIELD = re.compile(
    rf"\b{_DATE}|\b\d[\d.]*\s*(?:x|kali|suka|komentar|tayangan|views?|dibagikan)\b|\b(?:reporter|editor|penulis|pewarta|admin|humas|redaksi)\b\s*(?:[|:•·–—-]|$|(?-i:[A-Z]))",
    re.IGNORECASE,
)
_MOST_FIELD_WORDS = 18


def is_boilerplate(line: str) -> bool:
    """Whether a line, taken alone, is something a site puts around the writer's words."""
    folded = " ".join(line.split())
    n_words = len(folded.split())
    words, characters = _LONGEST_BOILERPLATE
    if len(folded) > characters or n_words > words:
        return False
    fields = n_words <= _MOST_FIELD_WORDS and bool(_BAR.search(folded) and _FIELD.search(folded))
    if not fields and not _IS_BOILERPLATE.fullmatch(folded):
        return False
    return bool(_MARK.search(folded)) or not _SENTENCE.search(_CREDIT_AT_END.sub("", folded))


_NO_HEADLINE_WORDS = re.compile(rf"\b(?:{_DATE}|{_TIME}|{_NETWORKS}\b)", re.IGNORECASE)
_SIGNED = re.compile(rf"\W*(?:{_CREDIT}|di(?:posting|tulis|unggah|terbitkan|perbarui|publikasikan))\b", re.IGNORECASE)
_FEWEST_HEADLINE_WORDS = 4


def could_be_headline(line: str) -> bool:
    """Whether a first line that looks like furniture may be the headline all the same: "Bagikan Hoaks, Guru Ditegur"."""
    words = re.findall(r"[^\W\d_]{2,}", _NO_HEADLINE_WORDS.sub(" ", line))
    plain = not (_MARK.search(line) or _BAR.search(line) or _SIGNED.match(line) or re.search(r"[:»›>©]", line))
    return plain and len(words) >= _FEWEST_HEADLINE_WORDS
