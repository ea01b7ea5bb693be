"""For every rule: a record that has the fault and the sentence lint must say, and one that looks like it and has not."""

from __future__ import annotations

from dataclasses import dataclass

from oclc_console.marc.lint import NO_CONTEXT, Context
from oclc_console.marc.record import Record
from tests.lint.samples import FIXED, LEADER, RDA, good


@dataclass(frozen=True)
class Case:
    """A faulty record with the sentence, and a sound one of which the rule must say nothing."""

    rule: str
    sentence: str
    bad: Record
    fine: Record
    context: Context = NO_CONTEXT


def leader(at: int, value: str) -> str:
    """The good leader with other characters from a position on."""
    return LEADER[:at] + value + LEADER[at + len(value):]


def fixed(at: int, value: str) -> str:
    """The good 008 with other characters from a position on."""
    return FIXED[:at] + value + FIXED[at + len(value):]


HEAD = "Invalid relationship - when "
IS_RDA = HEAD + "1st $e in 1st 040 is equal to rda, then "
LINKED = good(("245", "10$6880-01$aHe$b:"), ("880", "10$6245-01/(N$aРеки"), ("066", "  $c(N"), without=["245"])
HERE = Context("9999", frozenset({"NET", "ARC"}))

CASES = (
    Case("sparse", "Record is sparse.", good(without=["264", "300"]), good(without=["264"])),
    Case("sparse", "Record is sparse.", good(("264", " 1$a[S.l. :"), ("300", "  $av."), without=["264", "300"]),
         good(("300", "  $av. ;"), without=["300"])),
    Case("sparse", "Record is sparse.", good(without=["245"]), good(without=["650", "100"])),
    Case("sparse", "Record is sparse.", good(without=["264", "300", "650"], leader=leader(6, "t")),
         good(("520", "  $aLetters."), without=["264", "300", "650"], leader=leader(6, "t"))),
    Case("brief-no-title", "Alma brief level 01: there is no 245 $a or $k.", good(without=["245"]),
         good(("245", "00$kLetters"), without=["245"])),
    Case("brief-insufficient", "Alma brief level 02: too few elements for OCLC (008 date, place or language; 26X $a; 300; a "
         "name or subject) and no OCLC number in 035.", good(without=["300", "035"]), good(without=["300"])),
    Case("brief-language", "Alma brief level 03: catalogued in another language than English (040 $b).",
         good(("040", "  $aDNB$bger$cDNB"), without=["040"]), good()),
    Case("rda-form", IS_RDA + "Descriptive Cataloging Form (Leader/18) must equal c or i.",
         good(leader=leader(18, "a")),
         good(leader=leader(18, "c"))),
    Case("rda-content", IS_RDA + "336 must be present.", good(without=["336"]), good()),
    Case("rda-carrier", IS_RDA + "338 must be present.", good(without=["338"]),
         good(("040", "  $aDLC$beng$cDLC"), without=["040", "338"])),
    Case("rda-medium", HEAD + "$h in 245 is present, then $e in 040 must not be equal to rda.",
         good(("245", "10$aA title$h[map]"), without=["245"]), good()),
    Case("lcgft-time", HEAD + "1st $2 in 2nd 655 is equal to lcgft, then $y in 655 must not be present.",
         good(("655", " 7$aMaps.$2lcgft"), ("655", " 7$aMaps$y1900.$2lcgft")), good(("655", " 7$aMaps$y1900.$2aat"))),
    Case("lcgft-place", HEAD + "1st $2 in 1st 655 is equal to lcgft, then $z in 655 must not be present.",
         good(("655", " 7$aMaps$zItaly.$2lcgft")), good(("655", " 7$aMaps.$2lcgft"), ("650", " 0$aMaps$zItaly."))),
    Case("component-host", HEAD + "Bibliographic Level (Leader/07) is equal to a, then 773 must be present.",
         good(leader=leader(7, "a")), good(("773", "0 $tHost"), leader=leader(7, "b"))),
    Case("date-level", HEAD + "Type of Date/Publication Status (008/06) is equal to s, then Bibliographic Level (Leader/07) "
         "must not be equal to b.", good(("773", "0 $tHost"), leader=leader(7, "b")),
         good(("773", "0 $tHost"), leader=leader(7, "b"), fixed=fixed(6, "c20209999"))),
    Case("span-of-time", HEAD + "indicator 1 in 1st 045 is equal to blank, then $b in 045 must not be present.",
         good(("045", "  $bd1900")), good(("045", "0 $bd1900"))),
    Case("variant-display", HEAD + "$i in 246 is present, then indicator 2 in 246 must equal blank.",
         good(("246", "14$iOn cover:$aTitle")), good(("246", "1 $iOn cover:$aTitle"), ("246", "14$aTitle"))),
    Case("source-named", HEAD + "indicator 2 in 655 is equal to 7, then $2 in 655 must be present.",
         good(("655", " 7$aMaps.")),
         good(("655", " 4$aMaps."))),
    Case("linking-data", "1st $6 in 1st 264 has invalid linking data.",
         good(("264", " 1$6880-9x$aReki"), without=["264"]), LINKED),
    Case("linking-data", "1st $6 in 1st 700 has invalid linking data.",
         good(("700", "1 $6880-02$aNakamura."), ("245", "10$6880-01$aHe"), ("880", "10$6245-01$aРеки"), without=["245"]),
         LINKED),
    Case("linking-data", "1st $6 in 2nd 880 has invalid linking data.",
         good(("245", "10$6880-01$aHe"), ("880", "10$6245-01$aРеки"), ("880", "1 $6700-02$a中村"), without=["245"]),
         good(("880", "1 $6700-00/$$1$a中村"))),
    Case("parallel-missing", HEAD + "$6 in 700 is present, then 880 must be present.",
         good(("700", "1 $6880-02$aNakamura.")), LINKED),
    Case("parallel-unlinked", "The 1st 880 has no $6: nothing says which field it belongs to.",
         good(("880", "10$aРеки")), LINKED),
    Case("script-missing", "1st $c in 1st 066 indicates presence of (3 script, but (3 script is not found.",
         good(("066", "  $c(3"), ("880", "10$6245-01$aРеки"), ("245", "10$6880-01$aHe"), without=["245"]), LINKED),
    Case("source-code", "Invalid code in 1st $2 in 3rd 650.", good(("650", " 7$aRivers.$2FAST")),
         good(("650", " 7$aRivers.$2fast/NIC/NAC"))),
    Case("source-code", "Invalid code in 1st $2 in 1st 600.", good(("600", "17$aExample.$2fastt")), good()),
    Case("source-code", "Invalid code in 1st $2 in 1st 655.", good(("655", " 7$aMaps.$2lcgtf")),
         good(("655", " 7$aMaps.$2lcgft"))),
    Case("source-code", "Invalid code in 1st $2 in 1st 336.",
         good(*RDA[1:], ("336", "  $atext$2rda content"), without=["336"]),
         good()),
    Case("source-unfamiliar", "1st $2 in 1st 655 says xxlocal, a code not met here before; check that it is on LoC's list.",
         good(("655", " 7$aMaps.$2xxlocal")), good(("655", " 7$aMaps.$2local"))),
    Case("rules-code", "Invalid code in 1st $e in 1st 040.",
         good(("040", "  $aDLC$beng$eRDA.$cDLC"), without=["040"]), good()),
    Case("catalogue-language", "Invalid code in 1st $b in 1st 040.",
         good(("040", "  $aDLC$bEng$cDLC"), without=["040"]), good()),
    Case("country-code", "Invalid code in Country of Publication (008/15-17).", good(fixed=fixed(15, "ILU")), good()),
    Case("language-code", "Invalid code in Language Code (008/35-37).", good(fixed=fixed(35, "ENG")),
         good(fixed=fixed(35, "ger"))),
    Case("tag-undefined", "Invalid tag 509.", good(("509", "  $aA note")),
         good(("590", "  $aA note"), ("949", "  $aLocal"))),
    Case("subfield-undefined", "Invalid subfield 1st $0 in 1st 264.",
         good(("264", " 1$aChicago$0(DLC)n1"), without=["264"]), good(("590", "  $0(DLC)n1"))),
    Case("subfield-repeated", "$b in 245 occurs too many times.",
         good(("245", "10$aA title$bone$btwo"), without=["245"]), good(("505", "0 $tOne$tTwo"))),
    Case("field-repeated", "245 occurs too many times.", good(("245", "10$aAnother title")),
         good(("500", "  $aOne"), ("500", "  $aTwo"))),
    Case("indicator-code", "Invalid code in indicator 1 in 655.", good(("655", "x7$aMaps.$2lcgft")), good()),
    Case("authority-link", "1st $0 in 655 is in the wrong format.", good(("655", " 7$aMaps.$2lcgft$0123")),
         good(("655", " 7$aMaps.$2lcgft$0(DLC)gf2011026387"))),
    Case("characters", "invalid_characters_present", good(("500", "  $aPasted\x0bin")), good(("500", "  $aÜber [b]"))),
    Case("record-type", "Invalid code in Type of Record (Leader/06).", good(leader=leader(6, "b")),
         good(leader=leader(6, "g"))),
    Case("record-level", "Invalid code in Bibliographic Level (Leader/07).", good(leader=leader(7, " ")), good()),
    Case("encoding-level", "Invalid code in Encoding Level (Leader/17).", good(leader=leader(17, "9")),
         good(leader=leader(17, "I"))),
    Case("cataloguing-form", "Invalid code in Descriptive Cataloging Form (Leader/18).",
         good(leader=leader(18, "x")), good()),
    Case("008-missing", "There is no 008.", good(without=["008"]), good()),
    Case("008-length", "008 has 39 characters and not 40.", good(fixed=FIXED[:-1]), good()),
    Case("006-length", "The 2nd 006 has 6 characters and not 18.",
         good(("006", "m     o  d        "), ("006", "m     ")),
         good(("006", "m     o  d        "))),
    Case("number-sign", "008 has # where a blank belongs (position 22, 23).", good(fixed=fixed(22, "##")),
         good(("035", "  $a(OCoLC)1234567#"), without=["035"])),
    Case("number-sign", "LDR has # where a blank belongs (position 19).", good(leader=leader(19, "#")), good()),
    Case("date-type", "Invalid code in Type of Date/Publication Status (008/06).", good(fixed=fixed(6, "x")), good()),
    Case("date1-short", "Date1/Beginning Date of Publication (008/07-10) is too short.", good(fixed=fixed(7, "19  ")),
         good(fixed=fixed(7, "19uu"))),
    Case("date2-short", "Date2/Ending Date of Publication (008/11-14) is too short.", good(fixed=fixed(6, "m198019  ")),
         good(fixed=fixed(6, "e198003  "))),
    Case("illustrations", "Invalid code in Illustrations (008/18-21).", good(fixed=fixed(18, "z   ")),
         good(fixed=fixed(18, "qr p"), leader=leader(7, "s"))),
    Case("illustrations", "Invalid code in Illustrations (008/18-21).", good(fixed=fixed(18, " a  ")),
         good(fixed=fixed(18, "abfo"))),
    Case("modified-record", "Invalid code in Modified Record (008/38).", good(fixed=fixed(38, "q")),
         good(fixed=fixed(38, "x"))),
    Case("ocn-missing", "There is no OCLC number in 035 or 079.", good(without=["035"]),
         good(("079", "  $aocm01234567"), without=["035"])),
    Case("ocn-malformed", "The 1st 035 holds an OCLC number that can't be read: (OCoLC)abc.",
         good(("035", "  $a(OCoLC)abc"), without=["035"]), good(("035", "  $a(OCoLC-M)123"))),
    Case("ocn-impossible", "The 1st 035 holds a number OCLC can't have given: (OCoLC)9876543210.",
         good(("035", "  $a(OCoLC)9876543210"), without=["035"]), good(("035", "  $a(DLC)9876543210"))),
    Case("ocn-impossible", "The 1st 079 holds a number OCLC can't have given: 0.", good(("079", "  $a0")), good()),
    Case("ocn-is-mms", "The 2nd 035 holds an MMS id as if it were an OCLC number: (OCoLC)991234567890009999.",
         good(("035", "  $a(OCoLC)991234567890009999")), good()),
    Case("ocn-several", "035 holds several OCLC numbers: 7, 1234567.", good(("035", "  $a(OCoLC)7")),
         good(("035", "  $a(OCoLC)01234567"), ("035", "  $z(OCoLC)7"))),
    Case("trusted-differs", "079 says 7, 035 says 1234567.", good(("079", "  $a7")), good(("079", "  $aocm01234567"))),
    Case("id-missing", "There is no local number: neither 001 nor 852 $8.", good(without=["001", "852"]),
         good(without=["001"])),
    Case("id-suffix", "852 2212345678900008888 does not end with 9999, as every id of this institution does.",
         good(("852", "0 $bNET$82212345678900008888"), without=["852"]), good(), HERE),
    Case("library-unknown", "852 $b LAW is no library of this symbol.",
         good(("852", "0 $bLAW$82212345678900009999")), good(), HERE),
    Case("never-send", "914 says NO-WORLDCAT: this record must not be sent.", good(("914", "  $aNO-WORLDCAT")),
         good(("914", "  $adone 2020-01-01"))),
    Case("rejected-before", "913: this record was rejected before.",
         good(("913", "  $adata sync: Record is sparse.")), good()),
)
