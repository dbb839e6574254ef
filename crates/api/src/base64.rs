//! Bytes as text: base64 with padding (RFC 4648, section 4).

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PADDING: u8 = b'=';

/// Any bytes; base64 on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

/// Why a text is no base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base64Error {
    /// Four characters stand for three bytes.
    Length {
        /// Characters.
        length: usize,
    },
    /// A character that has no meaning there.
    Character {
        /// Its place, from 0.
        at: usize,
    },
}

impl fmt::Display for Base64Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { length } => {
                write!(f, "base64 comes in groups of four characters; the text has {length}")
            }
            Self::Character { at } => write!(f, "character {at} is not base64"),
        }
    }
}

impl std::error::Error for Base64Error {}

impl Bytes {
    /// As text.
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(self.0.len().div_ceil(3) * 4);
        for group in self.0.chunks(3) {
            let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for index in 0..4 {
                let is_padding = index > group.len();
                let letter = ALPHABET[(bits >> (18 - 6 * index) & 63) as usize];
                text.push(char::from(if is_padding { PADDING } else { letter }));
            }
        }
        text
    }

    /// From text.
    ///
    /// # Errors
    /// The text is no base64 with padding.
    pub fn decode(text: &str) -> Result<Self, Base64Error> {
        let text = text.as_bytes();
        if !text.len().is_multiple_of(4) {
            return Err(Base64Error::Length { length: text.len() });
        }
        let length = text.iter().rposition(|byte| *byte != PADDING).map_or(0, |last| last + 1);
        if text.len() - length > 2 {
            return Err(Base64Error::Character { at: length });
        }
        let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
        let mut bits = 0u32;
        for (at, byte) in text[..length].iter().enumerate() {
            bits = bits << 6 | value(*byte).ok_or(Base64Error::Character { at })?;
            if at % 4 == 3 {
                bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
                bits = 0;
            }
        }
        match length % 4 {
            2 => bytes.push((bits >> 4) as u8),
            3 => bytes.extend_from_slice(&((bits >> 2) as u16).to_be_bytes()),
            _ => {}
        }
        Ok(Self(bytes))
    }
}

fn value(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::decode(&text).map_err(D::Error::custom)
    }
}

impl JsonSchema for Bytes {
    fn schema_name() -> Cow<'static, str> {
        "Bytes".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "contentEncoding": "base64" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_in_the_standard() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("~~?>", "fn4/Pg=="),
        ];
        for (bytes, text) in cases {
            assert_eq!(Bytes(bytes.into()).encode(), text);
            assert_eq!(Bytes::decode(text), Ok(Bytes(bytes.into())));
        }
    }

    #[test]
    fn any_bytes_come_back() {
        let all: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for start in 0..20 {
            for end in start..start + 20 {
                let bytes = Bytes(all[start * 13..end * 17].to_vec());
                assert_eq!(Bytes::decode(&bytes.encode()), Ok(bytes));
            }
        }
    }

    #[test]
    fn what_is_no_base64_is_refused() {
        let cases = [
            ("abc", "base64 comes in groups of four characters; the text has 3"),
            ("a b=", "character 1 is not base64"),
            ("====", "character 0 is not base64"),
            ("ab=c", "character 2 is not base64"),
            ("ab\u{e9}", "character 2 is not base64"),
        ];
        for (text, reason) in cases {
            assert_eq!(Bytes::decode(text).unwrap_err().to_string(), reason, "{text}");
        }
    }
}
