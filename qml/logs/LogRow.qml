import QtQuick
import dev.ostler.app

// One line of a log, or a note between two.
Item {
    id: root

    required property int kind
    required property string time
    required property string source
    required property int level
    required property string text
    required property list<int> parts
    required property bool isQuiet
    required property string number
    required property string detail
    required property int hidden
    required property bool isPresentHit
    property list<string> inks: []
    property bool isWrapped: true
    property bool isMerged: false
    property bool isSelected: false
    property bool hasFocusRing: false
    property real shift: 0

    readonly property bool isOutput: root.kind === LogModel.Output
    readonly property bool isBad: root.level >= LogModel.Warn
    readonly property color badness: root.level === LogModel.Error ? Theme.fail : Theme.warn
    readonly property real sourceWidth: root.isMerged ? Metrics.px(112) : 0

    implicitHeight: root.isOutput ? Math.max(1, words.lineCount) * Metrics.logLine : Metrics.headHeight

    Accessible.role: Accessible.ListItem
    Accessible.name: root.isOutput ? Words.ofLogLine(root.time, root.isMerged ? root.source : "", root.level, root.text) : note.text
    Accessible.selected: root.isSelected
    Accessible.focusable: true
    Accessible.focused: root.hasFocusRing

    Rectangle {
        anchors.fill: parent
        visible: root.isSelected || root.isPresentHit
        color: root.isSelected ? Theme.select : Theme.hover
    }

    Rectangle {
        visible: root.isBad && root.isOutput
        width: 3
        height: parent.height
        color: root.badness
    }

    component Cell: PlainText {
        height: Metrics.logLine
        visible: root.isOutput
        font: Metrics.mono
        color: Theme.text3
        Accessible.ignored: true
    }

    Cell {
        x: Metrics.inset
        text: root.time
    }

    Cell {
        x: Metrics.inset + Metrics.px(96)
        width: root.sourceWidth - Metrics.gap
        visible: root.isMerged && root.isOutput
        text: root.source
        color: Theme.text2
    }

    Cell {
        x: Metrics.inset + Metrics.px(96) + root.sourceWidth
        text: Words.ofLevel(root.level)
        color: root.isBad ? root.badness : Theme.text3
    }

    Item {
        x: Metrics.inset + Metrics.px(148) + root.sourceWidth
        width: parent.width - x - Metrics.inset
        height: parent.height
        visible: root.isOutput
        clip: !root.isWrapped

        LogText {
            id: words

            x: -root.shift
            width: parent.width + root.shift
            height: parent.height
            text: root.hidden > 0 ? root.text + qsTr("… and %1 more characters").arg(root.hidden) : root.text
            parts: root.parts
            inks: root.inks
            font: Metrics.mono
            color: root.isQuiet ? Theme.text2 : Theme.text
            isWrapped: root.isWrapped
            wrapWidth: width
            lineHeight: Metrics.logLine
        }
    }

    Glyph {
        x: Metrics.inset
        anchors.verticalCenter: parent.verticalCenter
        visible: !root.isOutput
        source: Glyphs.ofLogNote(root.kind)
        color: Theme.logNotes[root.kind]
    }

    PlainText {
        id: note

        x: Metrics.inset + Metrics.px(24)
        anchors.verticalCenter: parent.verticalCenter
        width: Math.min(implicitWidth, parent.width - x - Metrics.inset)
        visible: !root.isOutput
        text: root.isOutput ? "" : Words.ofLogNote(root.kind, root.number, root.detail, root.isMerged ? root.source : "", root.time.slice(0, 8))
        font: Metrics.small
        color: Theme.text2
        Accessible.ignored: true
    }

    Rectangle {
        anchors.left: note.right
        anchors.leftMargin: Metrics.gap
        anchors.right: parent.right
        anchors.rightMargin: Metrics.inset
        anchors.verticalCenter: parent.verticalCenter
        visible: !root.isOutput && width > 0
        height: Metrics.lineWidth
        color: Theme.line
    }

    FocusRing {
        isInside: true
        visible: root.hasFocusRing
    }
}
