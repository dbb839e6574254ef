import QtQuick
import dev.ostler.app

// The keys of the editor.
Item {
    id: root

    property bool isText: true

    signal leaveWanted
    signal saveWanted
    signal findWanted
    signal lineWanted
    signal matchWanted(bool isForward)
    signal problemWanted(bool isForward)
    signal partWanted(int step)

    Shortcut {
        sequence: "Escape"
        onActivated: root.leaveWanted()
    }

    Shortcut {
        sequences: [StandardKey.Save]
        onActivated: root.saveWanted()
    }

    Shortcut {
        sequences: [StandardKey.Find]
        enabled: root.isText
        onActivated: root.findWanted()
    }

    Shortcut {
        sequence: "Ctrl+G"
        enabled: root.isText
        onActivated: root.lineWanted()
    }

    Shortcut {
        sequence: "F3"
        enabled: root.isText
        onActivated: root.matchWanted(true)
    }

    Shortcut {
        sequence: "Shift+F3"
        enabled: root.isText
        onActivated: root.matchWanted(false)
    }

    Shortcut {
        sequence: "F8"
        onActivated: root.problemWanted(true)
    }

    Shortcut {
        sequence: "Shift+F8"
        onActivated: root.problemWanted(false)
    }

    Shortcut {
        sequence: "F6"
        onActivated: root.partWanted(1)
    }

    Shortcut {
        sequence: "Shift+F6"
        onActivated: root.partWanted(-1)
    }
}
