//! What the pages of the window need beyond the services: one file for each.

mod about;
mod config;
mod connections;
mod detail;
mod diagnostics;
mod doctor;
mod environment;
mod events;
mod follow;
mod incidents;
mod keyboard;
pub(crate) mod metrics;
mod order;
mod palette;

pub(crate) use keyboard::shown;

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
    &events::CHANNEL,
    &events::SUBSCRIBERS,
    &events::TAKEN_IN,
    &connections::CONNECTIONS,
    &about::FACTS,
    &diagnostics::PARTS,
    &keyboard::KEYS,
    &order::STOPS,
    &order::LEFT,
    &palette::ENTRIES,
    &config::PROBLEMS,
    &config::PLAN,
    &config::DIFF,
    &config::HISTORY,
    &config::FORM,
    &config::FINDS,
    &config::FIND_LINES,
];
