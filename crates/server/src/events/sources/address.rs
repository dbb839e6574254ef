//! Where a source is, as a URL and for people.

use std::fmt;

use http::{HeaderValue, Uri};
use ostler_api::{Bytes as Base64, SourceTrouble};

/// Where a source is. No Debug of what may be secret: the query, and who we say we are.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tls: bool,
    /// Path and query.
    pub(super) target: String,
    /// As it stands in `Host`.
    pub(super) authority: String,
    /// The user and password of the URL.
    pub(super) authorization: Option<HeaderValue>,
}

impl Address {
    /// Reads a URL.
    ///
    /// # Errors
    /// Says what is wrong, without the URL.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let bare = url.split('#').next().unwrap_or_default();
        let uri: Uri = bare.parse().map_err(|error| format!("its URL is wrong: {error}"))?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => return Err("its URL is neither http nor https".to_owned()),
        };
        let whole = uri.authority().ok_or("its URL has no host")?.as_str();
        let (user, authority) =
            whole.rsplit_once('@').map_or((None, whole), |(user, host)| (Some(user), host));
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err("its URL has no host".to_owned());
        }
        Ok(Self {
            host,
            port: uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            is_tls,
            target: uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            authority: authority.to_owned(),
            authorization: user.and_then(basic),
        })
    }

    /// Where a redirect leads.
    ///
    /// # Errors
    /// To another host or port, or from https to http: a source does not send us around in the network.
    pub(super) fn redirected(&self, location: &str) -> Result<Self, SourceTrouble> {
        let refused = |what: String| SourceTrouble {
            message: format!("redirects {what}"),
            hint: "write the address where it really is as its url".to_owned(),
        };
        let is_whole = location.split(['/', '?', '#']).next().is_some_and(|scheme| scheme.ends_with(':'));
        let next = if is_whole {
            Self::parse(location).map_err(|_| refused("to what is no URL".to_owned()))?
        } else if let Some(rest) = location.strip_prefix("//") {
            let scheme = if self.is_tls { "https" } else { "http" };
            Self::parse(&format!("{scheme}://{rest}")).map_err(|_| refused("to what is no URL".to_owned()))?
        } else {
            let path = self.target.split('?').next().unwrap_or("/");
            let target = match location.chars().next() {
                Some('/') => location.to_owned(),
                Some('?') => format!("{path}{location}"),
                _ => format!("{}/{location}", path.rsplit_once('/').map_or("", |(folder, _)| folder)),
            };
            let url = format!("http://{}{target}", self.authority);
            let target = Self::parse(&url).map_err(|_| refused("to what is no URL".to_owned()))?.target;
            Self { target, ..self.clone() }
        };
        let is_same_host = next.host.eq_ignore_ascii_case(&self.host);
        let is_same_port =
            next.port == self.port || (!self.is_tls && next.is_tls && (self.port, next.port) == (80, 443));
        if !is_same_host || !is_same_port || (self.is_tls && !next.is_tls) {
            return Err(refused(format!("to another server: {}:{}", next.host, next.port)));
        }
        Ok(Self { authorization: self.authorization.clone(), ..next })
    }
}

impl fmt::Display for Address {
    /// Without user, password and query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        let (path, query) = self.target.split_once('?').map_or((&*self.target, ""), |(path, _)| (path, "?…"));
        write!(f, "{scheme}://{}{path}{query}", self.authority)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

fn basic(user: &str) -> Option<HeaderValue> {
    let mut bytes = Vec::with_capacity(user.len());
    let mut rest = user.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let escaped = hex.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    if !bytes.contains(&b':') {
        bytes.push(b':');
    }
    let mut value = HeaderValue::from_str(&format!("Basic {}", Base64(bytes).encode())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        let address = Address::parse("https://ann:s3%40cret@example.com:8443/a/b?token=t0ken#x").unwrap();
        assert_eq!(format!("{address} {address:?}").matches("https://example.com:8443/a/b?…").count(), 2);
        assert_eq!(
            (address.target.as_str(), address.authority.as_str()),
            ("/a/b?token=t0ken", "example.com:8443")
        );
        let said = address.authorization.unwrap();
        assert_eq!((said.to_str().unwrap(), said.is_sensitive()), ("Basic YW5uOnMzQGNyZXQ=", true));
        let address = Address::parse("http://[::1]").unwrap();
        assert_eq!((address.host.as_str(), address.port, address.target.as_str()), ("::1", 80, "/"));
        assert!(Address::parse("ftp://a/").is_err() && Address::parse("/a").is_err());
    }

    #[test]
    fn redirects_stay_with_the_server_that_was_named() {
        let from = Address::parse("http://u:p@127.0.0.1:3001/api/events?x=1").unwrap();
        let check = |location: &str| match from.redirected(location) {
            Ok(next) => {
                assert_eq!((&next.authorization, next.port), (&from.authorization, 3001));
                next.target
            }
            Err(trouble) => trouble.message,
        };
        assert_eq!(check("/v2/events?y"), "/v2/events?y");
        assert_eq!(check("stream"), "/api/stream");
        assert_eq!(check("?z=2"), "/api/events?z=2");
        assert_eq!(check("http://127.0.0.1:3001/there"), "/there");
        assert_eq!(check("//127.0.0.1:3001/there"), "/there");
        assert_eq!(check("http://127.0.0.1:22/x"), "redirects to another server: 127.0.0.1:22");
        assert_eq!(check("http://169.254.169.254/x"), "redirects to another server: 169.254.169.254:80");
        assert_eq!(check("file:///etc/passwd"), "redirects to what is no URL");
        let tls = Address::parse("http://example.com/a").unwrap().redirected("https://example.com/a");
        assert!(tls.is_ok_and(|next| next.is_tls));
        assert!(Address::parse("https://example.com/").unwrap().redirected("http://example.com/").is_err());
    }
}
