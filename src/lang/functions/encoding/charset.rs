//! Character encodings by their names in IANA's registry
//! (<https://www.iana.org/assignments/character-sets/character-sets.xhtml>): those that the reference knows.

use encoding_rs::{
    BIG5, DecoderResult, EUC_JP, EUC_KR, EncoderResult, Encoding, GB18030, GBK, ISO_2022_JP, SHIFT_JIS,
    UTF_16BE, UTF_16LE,
};

mod hz;
mod tables;

use tables::{TABLES, Table};

/// What stands in a table for a byte that is no letter.
const UNDEFINED: char = '\u{fffd}';

/// An encoding of text.
#[derive(Clone, Copy)]
pub struct Charset(Kind);

#[derive(Clone, Copy)]
enum Kind {
    Ascii,
    Utf8,
    /// With a byte order mark; without one it is big-endian.
    Utf16,
    Utf16Be,
    Utf16Le,
    Table(&'static Table),
    /// Of several bytes a letter, as the Web has it.
    Web(&'static str, &'static Encoding),
    Hz,
}

/// Names of the encodings that are no table, in lower case.
fn named(name: &str) -> Option<Kind> {
    Some(match name {
        "us-ascii" | "us" | "ansi_x3.4-1968" | "ansi_x3.4-1986" | "iso_646.irv:1991" | "iso646-us"
        | "iso-ir-6" | "ibm367" | "cp367" | "csascii" => Kind::Ascii,
        "utf-8" | "csutf8" => Kind::Utf8,
        "utf-16" | "csutf16" => Kind::Utf16,
        "utf-16be" | "csutf16be" => Kind::Utf16Be,
        "utf-16le" | "csutf16le" => Kind::Utf16Le,
        "big5" | "csbig5" => Kind::Web("Big5", BIG5),
        "euc-jp" | "extended_unix_code_packed_format_for_japanese" | "cseucpkdfmtjapanese" => {
            Kind::Web("EUC-JP", EUC_JP)
        }
        "euc-kr" | "cseuckr" => Kind::Web("EUC-KR", EUC_KR),
        "gb18030" | "csgb18030" => Kind::Web("GB18030", GB18030),
        "gbk" | "cp936" | "ms936" | "windows-936" | "csgbk" => Kind::Web("GBK", GBK),
        "hz-gb-2312" => Kind::Hz,
        "iso-2022-jp" | "csiso2022jp" => Kind::Web("ISO-2022-JP", ISO_2022_JP),
        "shift_jis" | "ms_kanji" | "csshiftjis" => Kind::Web("Shift_JIS", SHIFT_JIS),
        _ => return None,
    })
}

impl Charset {
    /// The encoding of a name, in whatever case.
    pub fn find(name: &str) -> Option<Charset> {
        let name = name.to_ascii_lowercase();
        let table = || {
            let known =
                |table: &&Table| table.name.eq_ignore_ascii_case(&name) || table.aliases.contains(&&*name);
            TABLES.iter().find(known).map(Kind::Table)
        };
        named(&name).or_else(table).map(Charset)
    }

    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Ascii => "US-ASCII",
            Kind::Utf8 => "UTF-8",
            Kind::Utf16 => "UTF-16",
            Kind::Utf16Be => "UTF-16BE",
            Kind::Utf16Le => "UTF-16LE",
            Kind::Table(table) => table.name,
            Kind::Web(name, _) => name,
            Kind::Hz => "HZ-GB-2312",
        }
    }

    /// `None` if the bytes are no text in this encoding.
    pub fn decode(self, bytes: &[u8]) -> Option<String> {
        match self.0 {
            Kind::Ascii => bytes.is_ascii().then(|| bytes.iter().copied().map(char::from).collect()),
            Kind::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Kind::Utf16 => match bytes {
                [0xff, 0xfe, rest @ ..] => web_decode(UTF_16LE, rest),
                [0xfe, 0xff, rest @ ..] => web_decode(UTF_16BE, rest),
                _ => web_decode(UTF_16BE, bytes),
            },
            Kind::Utf16Be => web_decode(UTF_16BE, bytes),
            Kind::Utf16Le => web_decode(UTF_16LE, bytes),
            Kind::Table(table) => {
                let letters: Vec<char> = table.letters().collect();
                Some(bytes.iter().map(|byte| letters[usize::from(*byte)]).collect())
            }
            Kind::Web(_, encoding) => web_decode(encoding, bytes),
            Kind::Hz => hz::decode(bytes),
        }
    }

    /// `None` if the text has letters that the encoding has not.
    pub fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self.0 {
            Kind::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
            Kind::Utf8 => Some(text.as_bytes().to_vec()),
            Kind::Utf16 => {
                Some([0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect())
            }
            Kind::Utf16Be => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Kind::Utf16Le => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Kind::Table(table) => {
                let letters: Vec<char> = table.letters().collect();
                text.chars()
                    .map(|letter| {
                        let byte = letters.iter().position(|known| *known == letter && letter != UNDEFINED);
                        byte.map(|byte| byte as u8)
                    })
                    .collect()
            }
            Kind::Web(_, encoding) => web_encode(encoding, text),
            Kind::Hz => hz::encode(text),
        }
    }
}

fn web_decode(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(decoder.max_utf8_buffer_length_without_replacement(bytes.len())?);
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true).0 {
        DecoderResult::InputEmpty => Some(text),
        DecoderResult::OutputFull | DecoderResult::Malformed(..) => None,
    }
}

fn web_encode(encoding: &'static Encoding, text: &str) -> Option<Vec<u8>> {
    let mut encoder = encoding.new_encoder();
    let most = encoder.max_buffer_length_from_utf8_without_replacement(text.len())?;
    let mut bytes = Vec::with_capacity(most);
    match encoder.encode_from_utf8_to_vec_without_replacement(text, &mut bytes, true).0 {
        EncoderResult::InputEmpty => Some(bytes),
        EncoderResult::OutputFull | EncoderResult::Unmappable(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_a_letter_for_each_byte() {
        for table in &TABLES {
            let letters: Vec<char> = table.letters().collect();
            assert_eq!(letters.len(), 256, "{}", table.name);
            let defined: Vec<char> = letters.iter().copied().filter(|letter| *letter != '\u{fffd}').collect();
            let distinct: std::collections::BTreeSet<char> = defined.iter().copied().collect();
            assert_eq!(distinct.len(), defined.len(), "{}", table.name);
        }
    }

    // Another implementation's tables, where it has them. What it maps to a control letter is undefined here, or is
    // that letter.
    #[test]
    fn tables_agree_with_those_of_the_web() {
        let mut compared = 0;
        for table in &TABLES {
            // By these names the Web means supersets.
            if matches!(table.name, "ISO-8859-1" | "ISO-8859-9") {
                continue;
            }
            let Some(encoding) = Encoding::for_label_no_replacement(table.name.as_bytes()) else { continue };
            compared += 1;
            for (byte, own) in table.letters().enumerate() {
                let bytes = [byte as u8];
                let (theirs, malformed) = encoding.decode_without_bom_handling(&bytes);
                let theirs = theirs.chars().next().filter(|_| !malformed);
                let undefined = own == '\u{fffd}' && theirs.is_none_or(char::is_control);
                assert!(undefined || theirs == Some(own), "{} {byte:x} {own:?} {theirs:?}", table.name);
            }
        }
        assert!(compared > 20);
    }

    #[test]
    fn letters_survive_the_way_there_and_back() {
        for (name, text) in [
            ("utf-16", "Zażółć \u{1F600}"),
            ("csUTF16LE", "Zażółć \u{1F600}"),
            ("KOI8-R", "Привет"),
            ("Shift_JIS", "日本 ｱ"),
            ("ISO-2022-JP", "日本a"),
            ("HZ-GB-2312", "中文a~b\n~"),
            ("GB18030", "\u{1F600}€"),
            ("IBM850", "ø"),
            ("ebcdic-cp-us", "ABC {}"),
        ] {
            let charset = Charset::find(name).unwrap();
            let bytes = charset.encode(text).unwrap();
            assert_eq!(charset.decode(&bytes).as_deref(), Some(text), "{name}");
        }
        assert_eq!(Charset::find("latin1").unwrap().encode("€"), None);
        assert_eq!(Charset::find("UTF-16LE").unwrap().decode(&[0, 0xd8]), None);
        assert!(Charset::find("utf8").is_none() && Charset::find("klingon").is_none());
    }
}
