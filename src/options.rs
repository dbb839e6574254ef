//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::settings::Colours;

/// Local services in the system tray.
#[derive(Debug, Parser)]
#[command(name = "ostler-tray", version)]
pub(crate) struct Options {
    /// Start without a window, as at login.
    #[arg(long)]
    pub(crate) background: bool,
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "OSTLER_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Colours, for this start alone; without it those that were chosen or configured.
    #[arg(long, value_enum, env = "OSTLER_THEME")]
    pub(crate) theme: Option<Theme>,
    /// The language, as `de`; without it the system's.
    #[arg(long, value_name = "CODE", env = "OSTLER_LANGUAGE")]
    pub(crate) language: Option<String>,
    /// Nothing fades.
    #[arg(long)]
    pub(crate) reduced_motion: bool,
}

/// Colours.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Theme {
    /// As the system.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// High contrast.
    HighContrast,
}

impl From<Theme> for Colours {
    fn from(theme: Theme) -> Self {
        match theme {
            Theme::System => Self::System,
            Theme::Light => Self::Light,
            Theme::Dark => Self::Dark,
            Theme::HighContrast => Self::HighContrast,
        }
    }
}
