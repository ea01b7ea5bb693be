"""What made-up records are made of: titles, names, places, subjects and notes in several languages and scripts, among them
the awkward ones (brackets, things that look like markup or formulas). Only words; how they become fields is bibs.py."""

from __future__ import annotations

from dataclasses import dataclass

SURNAMES = (
    "Abbot", "Alvarez", "Baranowska", "Bell", "Chen", "Dubois", "Eklund", "Fontane", "García Márquez", "Hölderlin", "Ivanov",
    "Jansen", "Kovács", "Lindqvist", "MacLeod", "Nakamura", "O'Brien", "Pereira", "Quill", "Rossi", "Šimek", "Thoreau",
    "Ünal", "Vogel", "Whitfield", "Xu", "Yeats", "Zielińska",
)
FORENAMES = (
    "Ada", "Benedikt", "Chiara", "Dorothea", "Émile", "Frances", "Giulia", "Hedwig", "Ida", "José", "Klara", "Louis",
    "Margaret", "Niels", "Olga", "Phillis", "Rosa", "Søren", "Thomas", "Ursula", "Virginia", "Walter",
)
SUBJECTS = (
    "Rivers", "Botany", "Harbors", "Medicine, Medieval", "Women printers", "Glaciers", "Railroads", "Bees", "Astronomy",
    "Law, Roman", "Folk songs", "Paper", "Tides", "Libraries", "Whaling", "Ceramics", "Migration, Internal", "Orchards",
    "Probabilities", "Stained glass", "Tea", "Volcanoes", "Weaving", "Deserts", "Epidemics",
)
PLACES_OF_SUBJECTS = ("Massachusetts", "Italy", "China", "Russia", "Egypt", "Norway", "Brazil", "Japan", "Hungary", "Scotland")
ADJECTIVES = (
    "Invented", "Northern", "Forgotten", "Practical", "Early", "Complete", "Quiet", "Wandering", "Illustrated", "Comparative",
    "Lost", "Provincial", "Annotated", "Modern",
)
NOUNS = (
    "rivers", "gardens", "letters", "machines", "harbors", "clouds", "statutes", "orchards", "voices", "numbers", "houses",
    "maps", "sermons", "islands", "winters", "bridges",
)
REMAINDERS = (
    "a survey", "an introduction", "essays in honor of a friend", "their history and use", "a bibliography", "proceedings",
    "with a glossary", "studies and documents", "from the beginnings to the present day", "a handbook for students",
)
FOREIGN_TITLES = (
    ("ger", "gw ", "Berlin", "Über die Flüsse", "Versuch einer Übersicht"),
    ("fre", "fr ", "Paris", "L'été des abeilles", "récits et légendes"),
    ("spa", "mx ", "México", "El año de los cañones", "crónica de una ciudad"),
    ("ita", "it ", "Firenze", "La città e il fiume", "saggi di storia"),
    ("por", "bl ", "São Paulo", "Canções do sertão", "antologia"),
    ("pol", "pl ", "Kraków", "Wędrówki po Łodzi", "szkice"),
    ("cze", "xr ", "Praha", "Řeka v městě", "povídky"),
    ("lat", "it ", "Romae", "De fluminibus libri tres", "accedunt indices"),
    ("swe", "sw ", "Stockholm", "Ögon över sjön", "dikter"),
    ("hun", "hu ", "Budapest", "Őszi éjszakák", "válogatott írások"),
    ("tur", "tu ", "İstanbul", "İğneli fıçı", "öyküler"),
    ("vie", "vm ", "Hà Nội", "Đường về làng", "tập truyện ngắn"),
)
AWKWARD_TITLES = (
    "[Letters]", "[/red] and other stories", "=1+1 : a spreadsheet history", "[bold]", "[Photograph album of a voyage]",
    "+44 and -1 : numbers that are not sums", "@home : a memoir", "<b>Bold</b> & other tags", "100% true | a pipe dream",
    "\\[not markup\\]", "{braces} and %s", "' OR 1=1 --", "$6 and other prices", "[link=https://example.org]A title[/link]",
    "Café & crème – “quoted” …", "C:\\temp\\new", "A tab and two  blanks", "NULL", "0012345",
)
LONG_TITLE = (
    "A true and particular relation of the voyages, shipwrecks, captivities and deliverances of a company of merchants, "
    "who, setting out from the port of Bristol in the year of the great frost, did visit the islands of the southern seas, "
    "with a description of the manners, trades, plants, fishes and fowls there to be met with, to which are added several "
    "tables of tides, a vocabulary of the language spoken by the inhabitants, and a copious index of matters"
)
PUBLISHERS = (
    ("ilu", "Chicago", "Nowhere Press"), ("nyu", "New York", "Harbor House"), ("mau", "Cambridge, Mass.", "The Academy"),
    ("enk", "London", "Quill & Sons"), ("cau", "Berkeley", "Lantern Books"), ("stk", "Edinburgh", "Thistle"),
    ("onc", "Toronto", "Maple Row"), ("ne ", "Amsterdam", "De Brug"),
)
GENERAL_NOTES = (
    "Includes bibliographical references and index.", "Title from cover.", "Cover title.", "At head of title: Report no. 4.",
    "Text in parallel columns.", "Imperfect: title page wanting.", "Number 17 of an edition of 250.", "In English and Latin.",
)
ARCHIVAL_NOTES = (
    "Correspondence, diaries, photographs and account books of a family of printers.",
    "Arranged in five series: I. Letters; II. Diaries; III. Accounts; IV. Photographs; V. Printed matter.",
    "Unpublished finding aid available in the repository.", "Collection is open for research.",
)
GENRES = (("Novels", "lcgft"), ("Diaries", "aat"), ("Personal correspondence", "lcgft"), ("Maps", "lcgft"),
          ("Broadsides", "rbgenr"), ("Conference papers and proceedings", "lcgft"), ("Sermons", "lcgft"))
OTHER_VOCABULARIES = (("Wasserbau", "gnd"), ("Rivers", "fast"), ("Fleuves", "ram"), ("Beekeeping", "fast"))
REPRODUCTION_NOTES = (
    ("Microform.", "New Haven", "Reel Service"), ("Microfilm.", "Ann Arbor", "Film House"),
    ("Microfiche.", "Leiden", "Fiche B.V."), ("Electronic reproduction.", "Cambridge, Mass.", "Library Digital Initiative"),
    ("Electronic reproduction.", "Ann Arbor", "Page Images"),
)
RARE_REPRODUCTION_NOTES = (("[Electronic reproduction]", "Cambridge, Mass.", "Library Digital Initiative"),
                           ("Photocopy.", "Chicago", "The Library"))
LOCATIONS = ("GEN", "STX", "RBX", "REF", "MICRO", "HD", "PER", "VAULT", "MAPS")
CALL_NUMBERS = ("QH", "PN", "Z", "GB", "K", "PR", "DS", "RA", "BX", "NA")
VENDOR_NUMBERS = ("(MaryMartin)mm", "(CKB)", "(UIUdb)", "(NjP)", "(EXLCZ)99", "(DLC)", "(RLIN)MHVG")
THESIS_NOTES = ("Thesis (Ph. D.)--Example University, {year}.", "Thesis (A.M.)--Example University, {year}.")
REJECTION_NOTE = "data sync: Record is sparse."


@dataclass(frozen=True)
class Vernacular:
    """A bibliographic description in two writings. `script` is the script code that ends a $6 in 880 (MARC 21, Appendix A)."""

    script: str
    language: str
    country: str
    title: tuple[str, str]
    remainder: tuple[str, str]
    name: tuple[str, str]
    place: tuple[str, str]
    publisher: tuple[str, str]


VERNACULARS = (
    Vernacular("$1", "chi", "cc ", ("Hong lou meng yan jiu", "红楼梦研究"), ("wen ji", "文集"), ("Li, Ming", "李明"),
               ("Beijing", "北京"), ("Ren min wen xue chu ban she", "人民文学出版社")),
    Vernacular("$1", "chi", "ch ", ("Tang shi san bai shou", "唐詩三百首"), ("zhu shi", "注釋"), ("Wang, Dahai", "王大海"),
               ("Taibei Shi", "臺北市"), ("San min shu ju", "三民書局")),
    Vernacular("$1", "jpn", "ja ", ("Kawa no rekishi", "川の歴史"), ("shiryōshū", "史料集"), ("Nakamura, Hiroshi", "中村浩"),
               ("Tōkyō", "東京"), ("Iwanami Shoten", "岩波書店")),
    Vernacular("$1", "kor", "ko ", ("Han'guk ŭi kang", "한국의 강"), ("yŏn'gu", "연구"), ("Kim, Yŏng-su", "김영수"),
               ("Sŏul", "서울"), ("Ŭryu Munhwasa", "을유문화사")),
    Vernacular("(N", "rus", "ru ", ("Reki Sibiri", "Реки Сибири"), ("ocherki", "очерки"), ("Ivanov, Petr", "Иванов, Петр"),
               ("Moskva", "Москва"), ("Nauka", "Наука")),
    Vernacular("(N", "ukr", "un ", ("Richky Ukraïny", "Річки України"), ("narysy", "нариси"), ("Kovalʹ, Oleh", "Коваль, Олег"),
               ("Kyïv", "Київ"), ("Dnipro", "Дніпро")),
    Vernacular("(2/r", "heb", "is ", ("Sipure ha-nahar", "סיפורי הנהר"), ("mivḥar", "מבחר"), ("Kohen, Daṿid", "כהן, דוד"),
               ("Yerushalayim", "ירושלים"), ("Magnes", "מאגנס")),
    Vernacular("(3/r", "ara", "ua ", ("Anhār Miṣr", "أنهار مصر"), ("dirāsah", "دراسة"), ("Ḥusayn, Aḥmad", "حسين، أحمد"),
               ("al-Qāhirah", "القاهرة"), ("Dār al-Maʻārif", "دار المعارف")),
    Vernacular("(3/r", "per", "ir ", ("Rūdhā-yi Īrān", "رودهای ایران"), ("pizhūhish", "پژوهش"),
               ("Rizāʼī, Maryam", "رضایی، مریم"), ("Tihrān", "تهران"), ("Amīr Kabīr", "امیرکبیر")),
)
