import QtQuick
import dev.ostler.app

// The keys of the editor.
Item {
    id: root

    // A closed editor keeps its parts; its keys belong to others then.
    property bool isOpened: false
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
        enabled: root.isOpened
        onActivated: root.leaveWanted()
    }

    Shortcut {
        sequences: [StandardKey.Save]
        enabled: root.isOpened
        onActivated: root.saveWanted()
    }

    Shortcut {
        sequences: [StandardKey.Find]
        enabled: root.isOpened && root.isText
        onActivated: root.findWanted()
    }

    Shortcut {
        sequence: "Ctrl+G"
        enabled: root.isOpened && root.isText
        onActivated: root.lineWanted()
    }

    Shortcut {
        sequence: "F3"
        enabled: root.isOpened && root.isText
        onActivated: root.matchWanted(true)
    }

    Shortcut {
        sequence: "Shift+F3"
        enabled: root.isOpened && root.isText
        onActivated: root.matchWanted(false)
    }

    Shortcut {
        sequence: "F8"
        enabled: root.isOpened
        onActivated: root.problemWanted(true)
    }

    Shortcut {
        sequence: "Shift+F8"
        enabled: root.isOpened
        onActivated: root.problemWanted(false)
    }

    Shortcut {
        sequence: "F6"
        enabled: root.isOpened
        onActivated: root.partWanted(1)
    }

    Shortcut {
        sequence: "Shift+F6"
        enabled: root.isOpened
        onActivated: root.partWanted(-1)
    }
}
