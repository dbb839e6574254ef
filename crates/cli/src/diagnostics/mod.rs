//! What `ostler diagnostics` packs.
//!
//! Everything is gathered as text first, bounded, with every known secret masked as the last step, so that no part can
//! be forgotten; then it is listed; then it is written. What cannot be gathered is said in `problems.txt` and is no
//! reason to stop: diagnostics are wanted when things do not work.

mod files;
mod gather;
mod system;
mod zip_file;

pub(crate) use gather::*;
pub(crate) use zip_file::*;

/// One file of the zip.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) what: &'static str,
    pub(crate) text: String,
}

/// What is wanted beside what is always in it.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Only incidents and logs of these; empty = all.
    pub(crate) services: Vec<String>,
    /// Lines of each service's log; none without.
    pub(crate) log_lines: Option<usize>,
}

impl Wanted {
    /// Whether a service is wanted.
    pub(crate) fn wants(&self, service: &str) -> bool {
        self.services.is_empty()
            || self.services.iter().any(|wanted| wanted.split('/').next() == Some(service))
    }
}
