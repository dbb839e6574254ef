//! A home of its own for an engine with real keepers.

use ostler_config::Paths;
use ostler_engine::EngineOptions;

/// The folders of one engine; gone when it is dropped.
pub(crate) struct Home {
    _folder: tempfile::TempDir,
    pub(crate) paths: Paths,
}

impl Home {
    /// A home with this configuration.
    pub(crate) fn new(config: &str) -> Self {
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        let folder = tempfile::Builder::new().permissions(private).tempdir().expect("temporary directory");
        let file = folder.path().join("ostler.toml");
        std::fs::write(&file, config).expect("write");
        let paths = Paths {
            id: "test".to_owned(),
            config: file,
            state: folder.path().join("state"),
            private: folder.path().join("private"),
            sockets: Vec::new(),
            logs: folder.path().join("state/logs"),
        };
        paths.ensure().expect("folders");
        Self { _folder: folder, paths }
    }

    /// What an engine starts with here: what the file says, or what it said last if it has mistakes now.
    pub(crate) fn options(&self) -> EngineOptions {
        let (config, refused) = match ostler_config::load(&self.paths.config, &ostler_config::Os) {
            Ok(config) => (config, None),
            Err(rejected) => {
                (ostler_engine::last_good_config(&self.paths).expect("an engine vanished"), Some(rejected))
            }
        };
        EngineOptions {
            paths: self.paths.clone(),
            config,
            refused,
            host: ostler_api::EngineHost::Daemon,
            logs: ostler_engine::logs::LogStore::new(&self.paths.state),
            keeper: ostler_testkit::binary("ostler-keeper", "ostler-keeper"),
            revive: Vec::new(),
            overrides: Default::default(),
        }
    }
}
