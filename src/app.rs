//! The order of beginning and end.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use cxx_qt_lib::{QGuiApplication, QQmlApplicationEngine, QQuickStyle, QString, QUrl};
use cxx_qt_lib_extras::QApplication;
use ostler_config::{Os, Overrides, Paths};
use ostler_host::HostOptions;
use ostler_view::TrayView;
use tokio::runtime::{Handle, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::actions;
use crate::autostart;
use crate::bridge::shell::ffi as shell;
use crate::desk::{self, Ask, Desk, Manner};
use crate::desktop::{Presence, Wish};
use crate::editor;
use crate::engine::Engine;
use crate::language;
use crate::lifecycle::{self, Mark};
use crate::link::{self, Link, Report};
use crate::logs;
use crate::memory;
use crate::notes::{self, NotePipes};
use crate::options::Options;
use crate::pages;
use crate::pump::{Pipes, Pump};
use crate::reach::Reach;
use crate::records;
use crate::settings::{self, Colours, Settings};
use crate::single::{self, Start};
use crate::stage::Surface;
use crate::stalls;
use crate::tray::{self, TrayPipes};

/// The most objects of the bridge.
const SURFACES_MAX: usize = 8;
/// How long the engine may take to end when Qt has ended by itself, with the session.
const ENGINE_END_MAX: Duration = Duration::from_secs(30);
/// The most hints that wait to be told.
const HINTS_MAX: usize = 4;
/// How long tasks may take to end with the app.
const END_MAX: Duration = Duration::from_secs(3);

const QML_FOLDER: &str = "qrc:/qt/qml";
const APP_ICON: &str = ":/qt/qml/dev/ostler/app/resources/glyphs/app.svg";

/// Runs the app.
pub fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("ostler-tray: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> anyhow::Result<ExitCode> {
    ostler_host::log_to_stderr();
    let overrides = overrides()?;
    let paths = Paths::for_config(options.config.as_deref())?;
    paths.ensure().map_err(|error| anyhow::anyhow!("{error}; {}", error.hint()))?;
    let runtime = ostler_host::runtime().context("the system gives no threads")?;
    let door = match runtime.block_on(single::start(&paths.private, options.background)) {
        Ok(Start::First(door)) => door,
        Ok(Start::Second) => {
            println!("Ostler runs already.");
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(error).context("it cannot be found out whether Ostler runs already"),
    };
    // The terminal that this was started in was joined for what was said until here; its end is not ours.
    #[cfg(all(windows, not(debug_assertions)))]
    ostler_windows::console::leave();
    let mark = Mark::set(&paths.private);
    memory::open(&paths.state);
    let settings = Settings::load(&paths, options.theme.map(Colours::from), memory::now().chosen_theme());
    settings.publish();
    let starts_hidden = options.background && settings.now().start_hidden;
    language::choose(options.language.as_deref());
    match autostart::repair() {
        Ok(false) => {}
        Ok(true) => tracing::info!("the session starts this program from now on"),
        Err(error) => tracing::warn!(%error, "the entry for starting at login cannot be mended"),
    }
    let (asks, asked) = mpsc::channel(desk::ASKS_MAX);
    let (surfaces, entered) = mpsc::channel(SURFACES_MAX);
    let manner = Manner { starts_hidden, is_motion_reduced: options.reduced_motion };
    Desk::open(asks.clone(), surfaces, manner);
    #[cfg(windows)]
    let session = crate::signals::hear_session();
    let engine_options = HostOptions { config: options.config.clone(), overrides, ..Default::default() };
    let engine = Engine::new(paths, engine_options);
    let has_left = Arc::new(AtomicBool::new(false));
    let kit = Kit { settings, starts_hidden, has_crashed: mark.was_there(), has_left: Arc::clone(&has_left) };
    let (mut crew, clerks) = crew(&runtime, &engine, asks.clone(), asked, entered, kit);
    crew.spawn_on(single::hear(door, asks), runtime.handle());
    let code = show();
    if code.is_err() {
        crew.abort_all();
    } else if !has_left.load(Ordering::Relaxed) {
        // Qt may have ended by itself, with the session; the engine hears of it here at the latest.
        Desk::ask(Ask::Desktop(Wish::End));
        let ended = async { tokio::time::timeout(ENGINE_END_MAX, engine.ended()).await };
        if runtime.block_on(ended).is_err() {
            tracing::warn!("the engine did not end in time; the services go on under their keepers");
        }
    }
    drop(clerks);
    end(runtime, crew);
    mark.clear();
    if let Err(error) = memory::keep() {
        tracing::warn!(%error, "what the window remembers is not written down");
    }
    #[cfg(windows)]
    drop(session);
    code
}

/// What the environment says in the place of the configuration, as for the daemon.
fn overrides() -> anyhow::Result<Overrides> {
    Overrides::from_env(&Os).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}; correct the variable, or unset it", all.join("; "))
    })
}

/// What the tasks need to know of the start.
struct Kit {
    settings: Settings,
    starts_hidden: bool,
    has_crashed: bool,
    has_left: Arc<AtomicBool>,
}

/// Starts everything that is not Qt: what ends by itself with the app, and the clerks behind counters, whose
/// counters stay open.
fn crew(
    runtime: &Runtime,
    engine: &Arc<Engine>,
    asks: mpsc::Sender<Ask>,
    asked: mpsc::Receiver<Ask>,
    surfaces: mpsc::Receiver<Surface>,
    kit: Kit,
) -> (JoinSet<()>, JoinSet<()>) {
    let (commands, commanded) = mpsc::channel(link::COMMANDS_MAX);
    let (report, reports) = watch::channel(Report::default());
    let (view, views) = watch::channel(TrayView::default());
    let (dark, is_dark) = watch::channel(false);
    let (is_watched, watched) = watch::channel(false);
    let (there, has_tray) = watch::channel(false);
    let reached = Arc::clone(engine);
    let reach = Reach::new(reports.clone(), watched.clone(), engine.paths(), asks.clone());
    let link = Link::new(move || Arc::clone(&reached).connect(), commanded, report, asks.clone(), watched);
    let (presence, seen) = watch::channel(Presence::default());
    let (quiet, is_quiet) = watch::channel(None);
    let (hints, hinted) = mpsc::channel(HINTS_MAX);
    let (qt, has_qt) = watch::channel(None);
    let settings = kit.settings;
    let notes = NotePipes {
        qt: has_qt.clone(),
        reports: reports.clone(),
        presence: seen.clone(),
        quiet: is_quiet,
        settings: settings.clone(),
        hints: hinted,
        asks: asks.clone(),
    };
    let reachable = lifecycle::stay_reachable(has_tray.clone(), seen, asks.clone(), kit.starts_hidden);
    let adopted = lifecycle::tell_adopted(reports.clone(), asks.clone(), kit.has_crashed);
    let kept = settings::keep(settings.clone(), asks.clone());
    let config = engine.paths().config.clone();
    let followed = settings::follow(settings.clone(), reports.clone(), config, asks.clone());
    let tray = TrayPipes {
        views,
        is_dark,
        settings: settings.clone(),
        qt: has_qt,
        is_there: there,
        asks: asks.clone(),
    };
    let pipes = Pipes {
        asks: asked,
        surfaces,
        reports,
        has_tray,
        commands,
        tray: view,
        is_watched,
        is_dark: dark,
        presence,
        quiet,
        settings,
        hints,
        qt,
        has_left: kit.has_left,
    };
    let mut crew = JoinSet::new();
    let handle = runtime.handle();
    if stalls::is_wanted() {
        crew.spawn_on(stalls::measure(tray.qt.clone()), handle);
    }
    crew.spawn_on(link.run(), handle);
    crew.spawn_on(Pump::new(pipes, Arc::clone(engine)).run(), handle);
    crew.spawn_on(tray::run(tray), handle);
    crew.spawn_on(notes::run(notes), handle);
    crew.spawn_on(reachable, handle);
    crew.spawn_on(adopted, handle);
    crew.spawn_on(kept, handle);
    crew.spawn_on(followed, handle);
    crew.spawn_on(crate::signals::hear(asks), handle);
    let mut clerks = JoinSet::new();
    pages(&mut clerks, &reach, handle);
    (crew, clerks)
}

/// Starts the tasks behind what the window asks for beyond the services.
fn pages(crew: &mut JoinSet<()>, reach: &Reach, handle: &Handle) {
    crew.spawn_on(records::run(records::COUNTER.open(), reach.clone()), handle);
    crew.spawn_on(pages::metrics::run(reach.clone()), handle);
    crew.spawn_on(logs::run(logs::COUNTER.open(), reach.clone()), handle);
    crew.spawn_on(actions::serve(actions::COUNTER.open(), reach.clone()), handle);
    crew.spawn_on(editor::run(editor::COUNTER.open(), reach.clone()), handle);
}

/// Runs Qt until the app ends.
fn show() -> anyhow::Result<ExitCode> {
    static HAS_FAILED: AtomicBool = AtomicBool::new(false);
    let mut app = QApplication::new();
    let mut app = app.as_mut().context("Qt cannot start")?;
    app.as_mut().set_application_name(&QString::from("ostler-tray"));
    app.as_mut().set_application_display_name(&QString::from("Ostler"));
    app.as_mut().set_application_version(&QString::from(env!("CARGO_PKG_VERSION")));
    QGuiApplication::set_desktop_file_name(&QString::from("dev.ostler.app"));
    QQuickStyle::set_style(&QString::from("Basic"));
    language::install();
    shell::keep_running_without_windows();
    // Qt on Windows tells when the system asks whether the session may end, which it need not do after all; see
    // `signals::hear_session`.
    if cfg!(not(windows)) {
        shell::when_session_ends(|| Desk::ask(Ask::Desktop(Wish::End)));
    }
    shell::set_window_icon(&QString::from(APP_ICON));
    let mut engine = QQmlApplicationEngine::new();
    let mut window = engine.as_mut().context("QML cannot start")?;
    window.as_mut().on_object_creation_failed(|_, _| HAS_FAILED.store(true, Ordering::Relaxed)).release();
    // Qt looks there by itself only from 6.5 on.
    let folder = qml_folder();
    window.as_mut().add_import_path(&QString::from(&folder));
    window.load(&QUrl::from(&format!("{folder}/dev/ostler/app/qml/Main.qml")));
    anyhow::ensure!(!HAS_FAILED.load(Ordering::Relaxed), "the window cannot be made; Qt has said why above");
    let code = app.exec();
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// Where QML is: in the binary, or for a person who works on it, in a folder that holds the module.
fn qml_folder() -> String {
    let from_disk = std::env::var("OSTLER_QML_FOLDER").ok().filter(|_| cfg!(debug_assertions));
    from_disk.map_or_else(|| QML_FOLDER.to_owned(), |folder| format!("file://{folder}"))
}

/// Lets the tasks end, within bounds.
fn end(runtime: Runtime, mut crew: JoinSet<()>) {
    let is_over = runtime.block_on(async {
        tokio::time::timeout(END_MAX, async { while crew.join_next().await.is_some() {} }).await.is_ok()
    });
    if !is_over {
        tracing::warn!("not all tasks ended in time");
    }
    runtime.shutdown_timeout(END_MAX);
}
