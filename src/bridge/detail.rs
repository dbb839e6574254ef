//! What the pane of one service has words and colours for.

#[cxx_qt::bridge]
pub(crate) mod ffi {
    /// How loud a block is.
    #[qenum(Detail)]
    enum Tone {
        /// There is nothing to tell.
        Silent,
        /// It works at it.
        Working,
        /// It does not answer, or waits.
        Warning,
        /// It failed.
        Failing,
    }

    /// One step that a person can take.
    #[qenum(Detail)]
    enum Step {
        /// Start it.
        StartAgain,
        /// Restart it.
        RestartIt,
        /// Restart it now instead of when the wait is over.
        RestartNow,
        /// Use another port instead of the taken one.
        UsePort,
        /// Ask its probes now.
        AskProbes,
        /// Look at another service.
        OpenService,
        /// Look at its log.
        ShowLog,
        /// Look at the frozen evidence.
        ShowIncident,
    }

    /// What stands before a line of what happened.
    #[qenum(Detail)]
    enum Mark {
        /// Somebody asked.
        AskedMark,
        /// It reached a state.
        StateMark,
        /// Something about the machine.
        MachineMark,
    }

    /// Where a node of the graph stands.
    #[qenum(Detail)]
    enum Column {
        /// What the service needs.
        Needs,
        /// The service itself.
        Itself,
        /// What needs the service.
        NeededBy,
    }

    /// What a probe said.
    #[qenum(Detail)]
    enum Answer {
        /// Nothing yet.
        NoAnswer,
        /// That it is well.
        GoodAnswer,
        /// That it is not.
        BadAnswer,
    }

    #[auto_cxx_name]
    extern "RustQt" {
        #[qobject]
        #[qml_element]
        #[qml_singleton]
        type Detail = super::DetailRust;
    }
}

/// What [`ffi::Detail`] holds: nothing, it only names.
#[derive(Default)]
pub struct DetailRust;
