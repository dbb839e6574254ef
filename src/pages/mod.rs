//! What the pages of the window need beyond the services: one file for each.

mod detail;
mod doctor;
mod environment;
mod follow;
mod incidents;
pub(crate) mod metrics;

use crate::records::Source;

/// Every source of records that QML can name.
pub(crate) const SOURCES: &[&Source] = &[
    &doctor::CHECKS,
    &detail::SERVICE,
    &detail::CALLOUT,
    &detail::STEPS,
    &detail::HAPPENED,
    &detail::BAND,
    &detail::BAND_ENDS,
    &detail::PROBES,
    &detail::ASKED,
    &detail::GRAPH,
    &detail::SLOTS,
    &incidents::INCIDENTS,
    &incidents::EVIDENCE,
    &environment::ENVIRONMENT,
    &metrics::CHARTS,
    &metrics::FIGURES,
];
