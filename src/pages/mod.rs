//! What the pages of the window need beyond the services: one file for each.

mod doctor;

use crate::records::Source;

/// Every source of records that QML can name.
pub(crate) const SOURCES: &[&Source] = &[&doctor::CHECKS];
