//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::bridge::app::ffi::ThemeChoice;

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
    /// Colours.
    #[arg(long, value_enum, default_value_t = Theme::System, env = "OSTLER_THEME")]
    pub(crate) theme: Theme,
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

impl Theme {
    /// The same, as QML has it.
    pub(crate) fn choice(self) -> ThemeChoice {
        match self {
            Self::System => ThemeChoice::System,
            Self::Light => ThemeChoice::Light,
            Self::Dark => ThemeChoice::Dark,
            Self::HighContrast => ThemeChoice::HighContrast,
        }
    }
}
