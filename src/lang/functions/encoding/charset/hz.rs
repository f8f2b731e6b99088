//! HZ-GB-2312 (RFC 1843): ASCII, and between `~{` and `~}` two bytes for each letter of GB 2312.

use encoding_rs::GBK;

/// The letter of two bytes of GB 2312, of seven bits each.
fn letter(high: u8, low: u8) -> Option<char> {
    if !(0x21..0x7e).contains(&high) || !(0x21..0x7f).contains(&low) {
        return None;
    }
    let pair = [high | 0x80, low | 0x80];
    let (text, malformed) = GBK.decode_without_bom_handling(&pair);
    text.chars().next().filter(|_| !malformed)
}

pub fn decode(bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut shifted = false;
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        if *first == b'~' {
            let (second, after) = after.split_first()?;
            match second {
                b'{' => shifted = true,
                b'}' => shifted = false,
                b'~' => text.push('~'),
                b'\n' => {}
                _ => return None,
            }
            rest = after;
        } else if shifted {
            let (second, after) = after.split_first()?;
            text.push(letter(*first, *second)?);
            rest = after;
        } else if first.is_ascii() {
            text.push(char::from(*first));
            rest = after;
        } else {
            return None;
        }
    }
    Some(text)
}

pub fn encode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut shifted = false;
    for letter in text.chars() {
        let shift = !letter.is_ascii();
        if shift != shifted {
            bytes.extend(if shift { b"~{" } else { b"~}" });
            shifted = shift;
        }
        match letter {
            '~' => bytes.extend(b"~~"),
            _ if !shift => bytes.push(letter as u8),
            _ => {
                let mut buffer = [0; 4];
                let (pair, _, unmappable) = GBK.encode(letter.encode_utf8(&mut buffer));
                match *pair {
                    [high @ 0xa1..=0xff, low @ 0xa1..=0xff] if !unmappable => {
                        bytes.extend([high & 0x7f, low & 0x7f])
                    }
                    _ => return None,
                }
            }
        }
    }
    Some(bytes)
}
