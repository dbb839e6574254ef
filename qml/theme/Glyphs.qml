pragma Singleton
import QtQuick

// Which picture says which state. The lists follow the order of the enums in Rust.
QtObject {
    id: root

    // ServicesModel.State
    readonly property list<string> states: ["failed", "backoff", "degraded", "stopping", "starting", "running", "completed", "stopped", "disabled", "unknown"]
    // Supervisor.Mood
    readonly property list<string> moods: ["ok", "busy", "degraded", "failed", "stopped", "no-engine"]
    // LogModel.Kind
    readonly property list<string> logNotes: ["action-log", "state-starting", "state-stopped", "state-failed", "state-degraded", "state-degraded", "action-info"]
    // App.Link
    readonly property list<string> links: ["state-starting", "state-running", "state-starting", "state-unknown"]
    // Supervisor.BannerKind
    readonly property list<string> banners: ["action-info", "state-unknown", "state-degraded", "state-starting", "action-edit", "action-info"]

    function named(name: string): url {
        return Qt.resolvedUrl("../../resources/glyphs/" + name + ".svg");
    }

    function action(name: string): url {
        return root.named("action-" + name);
    }

    function ofState(state: int): url {
        return root.named("state-" + root.states[state]);
    }

    function ofMood(mood: int): url {
        return root.named("tray-" + root.moods[mood]);
    }

    function ofLogNote(kind: int): url {
        return root.named(root.logNotes[kind]);
    }

    function ofLink(link: int): url {
        return root.named(root.links[link]);
    }

    function ofBanner(kind: int): url {
        return root.named(root.banners[kind]);
    }
}
