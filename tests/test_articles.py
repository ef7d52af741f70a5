"""Paragraphs and their kinds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tema.articles import line_kinds, make_article, paragraph_lines
from tema.boilerplate import is_boilerplate

BODY = "Sekda meminta seluruh pegawai hadir tepat waktu karena warga sudah menunggu sejak pagi di depan loket."


@pytest.mark.parametrize(
    "line",
    [
        "Baca juga: Wali Kota Lantik 12 Camat",
        "Baca: Wali Kota Minta Camat Tidak Menunda Laporan",
        "Baca Juga : Pasar Pagi Sudah Dibuka Lagi",
        "BACA JUGA",
        "Baca Juga :Harga Cabai Naik Lagi di Pasar Induk",
        "(Baca juga: Jalan Rusak di Perbatasan Segera Diperbaiki)",
        "BACA LAGI: Pasar Induk Dipindah – Lima Taman Kota yang Baru",
        "Berita terkait:",
        "12 komentar. Tulis komentar Anda di sini. Kirim",
        "Pengunjung hari ini: 87. Total pengunjung: 41.203",
        "Tulis komentar Anda di kolom ini. Komentar dimoderasi admin sekolah.",
        "Nama dan alamat surel wajib diisi",
        "Jeda iklan 30 detik",
        "SPONSOR ▼ Lanjut baca di bawah iklan",
        "Keterangan foto terakhir: Camat bersama para kepala desa.",
        "Dikunjungi 512 kali   Hari ini: 37   Kemarin: 61",
        "Komentar ditutup untuk artikel ini.",
        "KOMENTAR – Masuk untuk menanggapi. Isi komentar sepenuhnya tanggung jawab pengirim.",
        "Tulis komentarmu di sini! Login dengan Facebook atau Google",
        "Artikel Terkait: 1. Jadwal Kapal Cepat Akhir Pekan 2. Pasar Malam Dibuka Lagi",
        "Beri komentar. Komentar sepenuhnya menjadi tanggung jawab pengirim.",
        "Diunggah Sabtu, 24 Januari 2026 pukul 20.15 WIB oleh Admin Desa",
        "Camat H. Mulyadi (kiri) bersama Sekretaris Dinas Hj. Aminah. Foto: Kabar Pasar",
        "Terkait: Jalan Poros Desa Harus Selesai Tahun Ini, Kata Bupati",
        "Nama * Email * Situs Web — Kirim Komentar",
        "Penulis: Wahyu Jatmiko | Rabu, 11 September 2019 | 14:22 WIB",
        "Editor : Nora S",
        "Laporan wartawan Rian Hidayat",
        "(ris/hms)",
        "[adv]",
        "***",
        "Senin, 09/09/2024 - 16.10 WITA",
        "Kamis, 10 November 2022 19:47 WIB",
        "Diskominfo Kota Serang, 26 Februari 2019",
        "53 views",
        "Dibaca 412 kali | Dibagikan 37 kali",
        "Share on Facebook",
        "Bagikan ini: Facebook X WhatsApp Telegram",
        "ADVERTISEMENT",
        "SCROLL TO CONTINUE WITH CONTENT",
        "Situs ini menggunakan cookie untuk meningkatkan pengalaman Anda. Terima | Tolak",
        "Alamat email Anda tidak akan dipublikasikan. Ruas yang wajib ditandai *",
        "Simpan nama, email, dan situs web saya pada peramban ini untuk komentar saya berikutnya.",
        "Tinggalkan Balasan",
        "Tinggalkan Balasan. Nama* Email* Situs Web Kirim Komentar",
        "Tinggalkan komentar. Anda harus masuk untuk mengirim tanggapan.",
        "Tinggalkan komentar. Alamat surel Anda tidak akan dipublikasikan. Nama* Surel* Kirim",
        "Komentar (0). Masuk untuk menulis komentar. Komentar sepenuhnya menjadi tanggung jawab pengirim.",
        "Tulis Komentar: Nama (wajib) Surel (wajib) Situs web [Kirim Komentar]",
        "Total dibagikan: 63 · Facebook 41 · WhatsApp 22",
        "--- Pasang iklan UMKM Anda di sini, hubungi kantor kelurahan ---",
        "Foto: Bupati menyalami pegawai di halaman kantor",
        "Bupati menyerahkan SK kepada perwakilan PPPK. (Foto: Humas)",
        "Tag: #Ngawi #sidak",
        "Copyright © 2022",
        "Beranda > Berita > Daerah",
        "Artikel ini telah dibaca 335 kali",
        "Berita ini 12 kali dibaca",
        "Siaran Pers: Kementerian PANRB",
        "Klik untuk bergabung ke Channel WhatsApp",
        "Dilihat 1.083 kali. Facebook 41. Twitter 6. WhatsApp 77",
        "Nama* Email* Situs Web [Kirim Komentar]",
        "Kirim Komentar. Isi di luar tanggung jawab redaksi. Nama / Email / Kode captcha",
        "Beri komentar: Nama / Surel / Isi. Tulisan tampil setelah diperiksa redaksi.",
        "Kolom Komentar - Silakan masuk lebih dahulu - Nama - Email - Kirim",
        "Tulisan warga lainnya: 1) Gudeg di Pasar Pagi 2) Merti Dusun",
        "Lainnya: Jadwal Sensus Desa; Hasil SKB Menunggu BKN; Jembatan Kuala Dibuka",
        "Siaran pers lain: Jadwal Uji Kompetensi Guru – Lomba Voli Antarkantor",
        "(Penulis adalah pegawai Dinas PUPR Kabupaten Buol / rml)",
        "Oleh: M. Ridwan (mrl)",
        "Suka 96 · Bagikan · Simpan",
        "Telah didengar dan dibaca 388 kali",
        "3 Komentar. Tulis komentar Anda… Nama* Email* Situs Web. KIRIM",
        "0 Komentar. Silakan masuk atau daftar untuk memberikan komentar.",
        "Login untuk berkomentar. 140 komentar lainnya. Tampilkan komentar sebelumnya",
        "Telah didengar dan dibaca 219 kali. Bagikan 12",
        "Kepala BKPSDM Manggarai, Dra. Maria Jehadut, M.Si., (tengah) bersama Sekretaris Daerah usai rapat.",
        "Aktifkan notifikasi agar tidak ketinggalan berita terbaru dari kami.",
        "Nyalakan notifikasi, jangan lewatkan berita terbaru.",
        "Dapatkan notifikasi berita terbaru. Klik Izinkan",
        "Dengan melanjutkan, Anda menyetujui Kebijakan Privasi kami.",
        "Dengan mendaftar, Anda setuju pada syarat dan ketentuan serta kebijakan privasi situs ini.",
        "Dilarang keras menyalin konten situs ini tanpa izin tertulis dari redaksi.",
        "DILARANG MENGAMBIL ISI TULISAN INI TANPA IZIN",
        "Artikel Terpopuler: 1. Daftar Formasi CPNS Maluku 2. Kapal Terlambat, Penumpang Mengeluh",
        "Penulis adalah pemerhati birokrasi, tinggal di Benteng. Tulisan ini merupakan pendapat pribadi.",
        "Artikel ini telah dibaca 418 kali. Bagikan: Facebook 37 WhatsApp 112 X 9",
        "2.103 kali dilihat. Dibagikan 56 kali.",
        "IKLAN – Berita berlanjut setelah pesan berikut",
        "Berikan komentar Anda. Komentar yang mengandung ujaran kebencian akan dihapus oleh redaksi",
        "Kolom Komentar: Jadilah yang pertama berkomentar. Masuk dengan Google / Facebook",
        "Anggota Regu C Damkar Belu: (ki-ka) Suprapto, Edi Gunawan, M. Ridho.",
        "Suasana rapat di aula BKD, Senin (20/11/2017). Dari kiri: Abdul Haris, Siti Hawa.",
        "ADVERTISEMENT. GULIR UNTUK MELANJUTKAN",
        "Iklan. Lanjutkan membaca di bawah ini.",
        "Dibagikan 118 kali. Facebook 87 Twitter 19 WhatsApp 12",
        "Tinggalkan Komentar. Nama* Surel* Situs web. Kirim",
        "Terpopuler: 1. Ojek Laut Naikkan Tarif | 2. Wisuda Digelar Dua Sesi",
        "Pegawai membersihkan selokan di Jalan El Tari, Jumat (8/2/2019). KBN/Yanto S.",
        "Bupati bersama pedagang di los ikan, Kamis (19/5/2016). (Kabar Teluk/Yusran)",
        "KOMENTAR (0) — Jadilah yang pertama berkomentar. Silakan masuk dengan akun Anda.",
        "Artikel ini telah tayang di Portal Kita dengan judul Bupati Minta Pegawai Jujur",
        "Dapatkan berita terbaru langsung di ponsel Anda",
        "Simak berita lainnya di kanal kami",
        "Sekretaris Kecamatan Tanah Merah, Yusuf Hadi. Perbesar",
        "facebook icon twitter icon whatsapp icon copy",
        "Dibaca Normal 2 menit",
        "• Sel. Jan 27th, 2026",
        "Published 2 years ago on Mei 2, 2024",
        "URL berhasil dicopy",
        "1 2 3 Selanjutnya",
        "×",
    ],
)
def test_is_boilerplate_when_line_is_furniture_then_true(line: str) -> None:
    assert is_boilerplate(line)


@pytest.mark.parametrize(
    "line",
    [
        BODY,
        "“Jangan ada lagi yang datang siang, apalagi pulang cepat,” tegasnya.",
        "Ia meminta camat mengikuti akun media sosial pemerintah agar aduan warga cepat dijawab oleh petugas yang berjaga.",
        "Foto bersama warga menutup acara yang berlangsung hingga sore hari itu, lalu pegawai kembali ke loket masing-masing "
        "untuk melayani antrean yang tertunda sejak pagi.",
        "Baca juga menjadi kebiasaan baru di kantor itu, kata kepala dinas.",
        "Disiplin waktu, disiplin berpakaian.",
        "Sumber daya manusia menjadi kunci.",
        "Hingga 31 Desember 2024, kata dia, laporan harta wajib disampaikan.",
        "Pegawai dilarang mengambil keuntungan dari jabatan, tegas Bupati.",
        "ASN dilarang mengutip biaya apa pun dari warga yang mengurus KTP.",
        "Guru, lanjutnya, dilarang mengambil cuti tambahan dan wajib mengisi daftar hadir daring.",
        "Bupati mendorong perajin mendaftarkan hak cipta motif tenun ke kantor wilayah.",
        "Batas akhir pelaporan LHKPN bagi seluruh pejabat adalah 31 Maret 2024",
        "Rabu, 12/3/2024 - bupati memecat tiga pegawai karena menerima suap",
        "Ia meminta ASN menyebarkan informasi lewat saluran WhatsApp resmi agar warga tidak tertipu.",
        "Kami terima banyak pemberitahuan dari warga soal pungli, kata Inspektur.",
        "Lainnya: pegawai yang absen harus melapor; sanksi menunggu di akhir bulan.",
        "12 komentar warga di aplikasi lapor langsung dijawab camat.",
        "Login untuk pegawai dibuka, kata admin, dan komentar yang mengandung fitnah dilaporkan ke Inspektorat.",
        "Pegawai dilarang mengambil barang inventaris kantor tanpa izin.",
        "ASN dilarang mengambil keputusan tanpa izin atasan, kata Bupati.",
        "Pegawai dilarang menyalin isi dokumen rahasia negara.",
        "Pemkab menyusun kebijakan privasi data pegawai agar tidak bocor.",
        "Setiap pagi pegawai terima notifikasi presensi di ponsel, kata Kepala BKPSDM.",
        "Kolaborasi Humas dan Media - Sinergi Pelayanan Publik",
        "Penulis adalah ASN, dan pendapat pribadi tidak boleh mengatasnamakan dinas, kata Sekda.",
        "Iklan layanan masyarakat itu, pesan Bupati, harus jujur.",
        "Telah dibaca 3 kali oleh Sekda, surat itu tetap tidak dijawab kepala dinas.",
        "Unduh aplikasi Lapor untuk mengadukan pungli, kata Kepala Dinas.",
        "Belum ada komentar dari Bupati terkait dugaan pungli itu.",
        "Bagikan ilmu ini kepada rekan di kantor, pesan Sekda.",
        "Iklan layanan masyarakat antikorupsi dipasang di setiap kantor kelurahan.",
        "Pasang iklan layanan antikorupsi di setiap loket, pesan Sekda kepada para camat.",
        "Sebanyak 12 pegawai (wajib lapor) menulis komentar di papan, kata Camat.",
        "Kolom yang wajib diisi pegawai dalam laporan harian sudah disediakan.",
        "Dokumentasi kegiatan wajib diunggah pegawai setiap hari sebagai bukti kinerja.",
        "Laporan: masyarakat mengaku diminta uang oleh petugas loket.",
        '"Admin: jangan terima uang," katanya.',
        "Editor video itu pegawai honorer",
        "Oleh karena itu, ia mengajak semua pihak menjaga netralitas.",
        "Artikel ini dibaca berulang-ulang oleh Bupati di depan para camat agar semua paham maksudnya.",
        "Berita ini dibaca Sekda dengan wajah merah",
        "Kritik datang dari kiri dan kanan, tetapi pegawai harus tetap netral, kata Sekda.",
        "Peserta kedua dari kiri adalah Siti, pegawai yang mengembalikan uang karena bukan haknya.",
        "Wakil Bupati meminta pegawai menjaga integritas saat apel pagi, Senin (20/11/2017). (Humas/Rina)",
        "Sekda mengajak pegawai melayani warga. Hal itu ia sampaikan di aula, Jumat (8/2/2019). (Humas)",
        "Cek Informasi Gaji ke-13 PNS Kini Bisa Lewat WhatsApp",
        "Simak Informasi Lengkap Pendaftaran CPNS 2024 di Sini",
        "Lanjut Membaca Doa Bersama, ASN Teken Pakta Integritas",
        "Dibagikan 1.000 paket sembako kepada warga terdampak banjir.",
        "Dilihat 3 pejabat, bendahara itu mengaku mengembalikan uang.",
        "Tulis komentar dukungan calon di Facebook, ASN wajib jaga netralitas.",
        "Namlea, 11 Agustus 2025, 07.15 WIT – Petugas sensus mulai mendatangi rumah warga.",
        "Tinggalkan komentar negatif, pegawai harus fokus melayani.",
        "Hasil seleksi ditempel lengkap, delapan lembar, siapa saja boleh baca dan boleh foto.",
        "Berita ini tayang di detik.com, Sekda langsung meminta maaf dan berjanji melayani lebih baik.",
        "Bupati menemui para pedagang di pasar ikan, Kamis (19/5/2016). Ia datang sendiri.",
        "Dapatkan dulu kepercayaan warga, baru bicara program, kata Bupati kepada pegawai.",
    ],
)
def test_is_boilerplate_when_line_is_somebodys_words_then_false(line: str) -> None:
    assert not is_boilerplate(line)


def test_line_kinds_when_label_stands_alone_then_the_title_after_it_is_a_link_too() -> None:
    lines = ["Bupati Minta Pegawai Tepat Waktu", BODY, "BACA JUGA", "Jembatan Gantung Mulai Diperbaiki", BODY]
    assert line_kinds(lines) == ["headline", "body", "boilerplate", "boilerplate", "body"]


@pytest.mark.parametrize("label", ["Baca lagi:", "Postingan lainnya", "Baca tulisan warga lainnya:"])
def test_line_kinds_when_a_label_heads_a_list_then_its_items_are_links_whatever_their_case(label: str) -> None:
    lines = ["Bupati Minta Pegawai Tepat Waktu", BODY, label, "* Panen jagung tahun ini", "* Jembatan akhirnya dibuka"]
    assert line_kinds(lines) == ["headline", "body", "boilerplate", "boilerplate", "boilerplate"]


@pytest.mark.parametrize(
    "title", ["Sidak ke Kantin, Pejabat Ini Malah Pesan Kopi, Lalu...", "Siaran Pers: Insan Kementerian Diajak Jujur"]
)
def test_line_kinds_when_title_trails_off_or_bears_a_label_then_headline(title: str) -> None:
    assert line_kinds([title, "Bupati meminta pegawai jujur."]) == ["headline", "body"]


def test_line_kinds_when_known_title_looks_like_furniture_then_headline() -> None:
    title = "Komentar: Pegawai Harus Jujur"
    assert line_kinds([title, "Bupati meminta pegawai jujur."], title)[0] == "headline"


def test_line_kinds_when_short_line_stands_between_paragraphs_then_it_is_a_subhead() -> None:
    assert line_kinds(["Judul Berita Hari Ini", BODY, "Sanksi Menanti", BODY])[2] == "headline"


def test_line_kinds_when_a_sentence_is_broken_over_two_lines_then_both_are_body() -> None:
    lines = ["Judul Berita Hari Ini", BODY, "Menurut dia, setiap pegawai wajib", "hadir sebelum pukul tujuh pagi.", BODY]
    assert line_kinds(lines)[2:4] == ["body", "body"]


def test_line_kinds_when_there_is_one_line_then_it_is_body() -> None:
    assert line_kinds(["ASN harus jujur"]) == ["body"]


def test_make_article_when_title_is_not_in_the_text_then_it_is_put_first() -> None:
    article = make_article("a", "a.html", f"{BODY}\n{BODY}", title="Judul  dari Halaman")
    assert [p.kind for p in article.paragraphs] == ["headline", "body", "body"]
    assert article.title == article.paragraphs[0].text == "Judul dari Halaman"


@pytest.mark.parametrize(
    "title",
    [
        "Ikuti Akun Capres, ASN Terancam Sanksi Netralitas",
        "Bagikan Berita Hoaks, ASN Kena Sanksi Disiplin",
        "Pegawai Dilarang Bolos Mulai 1 Januari 2024",
        "Pendaftaran PPPK Guru Dibuka 12 Maret 2024",
        "Unduh Aplikasi Presensi, Pegawai Tak Bisa Lagi Titip Absen",
        "Kirim Komentar Politik di Medsos, Guru Ditegur",
    ],
)
def test_make_article_when_the_first_line_only_looks_like_furniture_then_it_is_the_title(title: str) -> None:
    article = make_article("a", "-", f"{title}\n{BODY}\n{BODY}")
    assert (article.title, article.paragraphs[0].kind) == (title, "headline")


@pytest.mark.parametrize(
    "line",
    [
        "Senin, 12 Maret 2024 10:20 WIB",
        "Diposting oleh Admin Desa, Jumat 15 Mei 2020",
        "Baca Juga: Bupati Minta Pegawai Jujur dan Disiplin",
        "Beranda > Berita > Pemkab Gelar Apel Pagi Gabungan",
        "Foto: Bupati Memimpin Apel Pagi di Halaman Kantor",
        "Bagikan ke Facebook Twitter WhatsApp",
    ],
)
def test_make_article_when_the_first_line_is_furniture_then_the_next_is_the_title(line: str) -> None:
    article = make_article("a", "-", f"{line}\nSekda Minta Pegawai Jujur\n{BODY}\n{BODY}")
    assert [p.kind for p in article.paragraphs] == ["boilerplate", "headline", "body", "body"]


@given(st.text())
def test_make_article_when_given_any_text_then_every_line_is_there_once_in_order_unchanged(text: str) -> None:
    lines = [line.strip() for line in text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    assert [p.text for p in make_article("a", "-", text).paragraphs] == [line for line in lines if line]


@given(st.lists(st.text(min_size=1, alphabet="ab:|-–( )/.©#>\"'BACAjugFotO12 ,"), max_size=12))
def test_line_kinds_when_given_odd_lines_then_it_answers_for_each(lines: list[str]) -> None:
    assert len(line_kinds(paragraph_lines("\n".join(lines)))) == len(paragraph_lines("\n".join(lines)))


@pytest.mark.parametrize(
    "line", ["oleh " + "a" * 400 + "!", "-" * 490 + "a", "oleh " + "Aa " * 100 + "!", "(" * 300, "a/" * 200, "Foto " * 90]
)
def test_is_boilerplate_when_line_is_made_to_be_slow_then_it_answers_at_once(line: str) -> None:
    import time

    started = time.monotonic()
    is_boilerplate(line)
    assert time.monotonic() - started < 0.5


def test_make_article_when_title_bears_the_sites_name_then_the_pages_own_headline_is_the_title() -> None:
    article = make_article(
        "a", "a.html", f"Sekda Minta Pegawai Jujur\n{BODY}\n{BODY}", title="Sekda Minta Pegawai Jujur - Portal Kita"
    )
    assert article.title == "Sekda Minta Pegawai Jujur"
    assert [p.kind for p in article.paragraphs] == ["headline", "body", "body"]


@pytest.mark.parametrize(
    "line",
    [
        "Baca berita lainnya: - Harga Gabah Naik - Jembatan Batang Lembang Ditutup. Ini Jalan Penggantinya",
        "Baca Edisi Ini: Pasar Terapung · Perahu Terakhir",
        "Facebook 31 · WhatsApp 12 · X 3",
        "Suka 12 - Bagikan 4 - Komentar 0",
        "Pengunjung hari ini: 12 — Total: 4.310",
        "KABAR TANJUNG | BERITA UTAMA",
        "Rep: Dimas Aryo / Red: Sulton",
        "Like this:",
        "Memuat...",
        "Next Post",
        "*** (rf)",
        'Simak Video "Perjuangan Guru di Pedalaman"',
        "Hubungi kami: redaksi di kantor pusat",
        "Dapatkan kabar pilihan setiap hari. Mari bergabung di Grup Telegram kami.",
        "Dibagikan: Facebook 9 • WhatsApp 20",
        "Komentar sepenuhnya menjadi tanggung jawab pengirim.",
        "Komentar pembaca dimoderasi.",
        "Tinggalkan komentar Anda di bawah ini.",
        "Tulis komentar Anda. Kolom bertanda bintang harus diisi.",
        "Komentar (2). Silakan masuk lebih dulu.",
        "Belum ada komentar. Jadilah yang pertama.",
        "Komentar akan tampil setelah diperiksa admin.",
    ],
)
def test_kinds_when_line_is_a_list_of_links_a_counter_or_a_comment_form_then_boilerplate(line: str) -> None:
    assert line_kinds([BODY, line, BODY])[1] == "boilerplate"


@pytest.mark.parametrize(
    "line",
    [
        "Belum ada komentar resmi dari Sekda soal pegawai yang mangkir itu.",
        "Belum ada komentar. Kepala BKPSDM yang dihubungi lewat telepon tidak menjawab.",
        '"Belum ada komentar. Kami menunggu hasil pemeriksaan Inspektorat," kata Sekda.',
        '"Kirimkan tanggapan Anda lewat kanal aduan, pasti kami jawab," kata kepala dinas.',
        "“Tulis komentar Anda di kotak saran. Kami baca setiap sore,” ujar lurah.",
        "Komentar sepenuhnya ia serahkan kepada Inspektorat, yang memeriksa kasus pungli itu.",
        "Pengunjung diminta mengisi buku tamu, 12 petugas melayani mereka dengan sabar.",
        "WA 081234567890, Telegram 081234567890",
        "Simak video itu sampai habis, kata Sekda, lalu tanyakan pada diri sendiri apakah kita jujur.",
        "ASN WAJIB NETRAL, KATA SEKDA | PESAN UNTUK SEMUA",
    ],
)
def test_kinds_when_line_only_begins_like_furniture_then_kept(line: str) -> None:
    assert line_kinds([BODY, line, BODY])[1] != "boilerplate"


def test_article_when_headline_counts_visitors_then_still_its_title() -> None:
    for title in ("Kunjungan Kerja Komisi II ke Berau 2024", "Pengunjung MPP Kuningan Capai 1.200"):
        assert make_article("a", "-", f"{title}\n{BODY}\n{BODY}").title == title
