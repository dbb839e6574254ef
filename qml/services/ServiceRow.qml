import QtQuick
import dev.ostler.app

// A service: glyph, word, name, why, and what can be done.
Item {
    id: root

    required property RowFacts row
    required property Columns columns
    property bool isCurrent: false
    property bool hasFocusRing: false

    // With several selected, the one with the keyboard is only ringed.
    readonly property bool isMarked: root.row.isSelected || (root.isCurrent && ServicesModel.selected.length === 0)
    readonly property bool hasWhy: root.row.why !== ""
    readonly property bool isFailed: root.row.phase === ServicesModel.Failed
    readonly property color quiet: root.row.isStale ? Theme.text3 : Theme.text2

    signal picked
    signal opened
    signal selectionWanted
    signal rangeWanted
    signal menuWanted(Item anchor)

    implicitHeight: Metrics.rowHeight + (root.hasWhy ? why.height : 0)

    Accessible.role: Accessible.ListItem
    Accessible.name: Words.ofRow(root.row.name, root.row.phase, root.row.why, root.row.group)
    Accessible.selected: root.isMarked
    Accessible.focusable: true
    Accessible.focused: root.hasFocusRing
    Accessible.onPressAction: root.picked()

    Rectangle {
        anchors.fill: parent
        color: root.isMarked ? Theme.select : root.isFailed ? Theme.failTint : hover.hovered ? Theme.hover : "transparent"

        Rectangle {
            anchors.left: parent.left
            visible: root.isMarked
            width: Theme.isContrast ? 6 : 3
            height: parent.height
            color: Theme.accent
        }
    }

    component Cell: PlainText {
        height: Metrics.rowHeight
        color: root.quiet
        Accessible.ignored: true
    }

    component NumberCell: Cell {
        horizontalAlignment: Text.AlignRight
    }

    component Course: Sparkline {
        y: (Metrics.rowHeight - height) / 2
        width: Metrics.sparkWidth
        height: Metrics.sparkHeight
        color: Theme.text3
        Accessible.ignored: true
    }

    Glyph {
        anchors.left: parent.left
        anchors.leftMargin: root.columns.inset
        y: (Metrics.rowHeight - height) / 2
        source: Glyphs.ofState(root.row.phase)
        color: Theme.states[root.row.phase]
    }

    Cell {
        readonly property bool isLoud: Words.isLoud(root.row.phase)

        anchors.left: parent.left
        anchors.leftMargin: root.columns.inset + Metrics.px(24)
        width: root.columns.serviceX - root.columns.inset - Metrics.px(28)
        text: Words.ofState(root.row.phase)
        font: isLoud ? Metrics.strong : Metrics.body
        color: isLoud ? Theme.states[root.row.phase] : Theme.text2
    }

    Row {
        id: nameCell

        readonly property real room: (root.columns.isCompact ? root.width - actions.width - Metrics.px(16) - shortAddress.width : root.columns.addressX) - root.columns.serviceX - Metrics.gap

        anchors.left: parent.left
        anchors.leftMargin: root.columns.serviceX
        height: Metrics.rowHeight
        spacing: Metrics.gap

        Cell {
            width: Math.min(implicitWidth, nameCell.room - (tag.visible ? tag.width + Metrics.gap : 0))
            text: root.row.name
            font: Metrics.name
            color: Theme.text
        }

        Tag {
            id: tag

            anchors.verticalCenter: parent.verticalCenter
            visible: text !== ""
            text: root.row.tag
        }
    }

    Cell {
        id: shortAddress

        visible: root.columns.isCompact && root.columns.hasAddress
        anchors.right: actions.left
        anchors.rightMargin: Metrics.gap
        width: visible ? Math.min(implicitWidth, Metrics.px(160)) : 0
        text: root.row.isStale ? root.row.address : root.row.shortAddress
    }

    Cell {
        visible: !root.columns.isCompact && root.columns.hasAddress
        anchors.left: parent.left
        anchors.leftMargin: root.columns.addressX
        width: root.columns.addressWidth - Metrics.gap
        text: root.row.address
        font.underline: hover.hovered && root.row.url !== ""
        color: hover.hovered && root.row.url !== "" ? Theme.text : root.quiet
    }

    Cell {
        visible: !root.columns.isCompact && root.columns.hasUptime
        anchors.left: parent.left
        anchors.leftMargin: root.columns.uptimeX
        width: root.columns.uptimeWidth + (root.row.isEnded ? root.columns.restartsWidth : 0) - Metrics.gap
        text: root.row.uptime
        color: root.row.isEnded ? Theme.text2 : root.quiet
    }

    NumberCell {
        visible: root.columns.hasRestarts
        anchors.left: parent.left
        anchors.leftMargin: root.columns.restartsX
        width: Metrics.restartsWidth
        text: root.row.restarts
        color: root.row.restarts === "0" ? Theme.text3 : Theme.text
    }

    NumberCell {
        visible: root.columns.hasCpu
        anchors.left: parent.left
        anchors.leftMargin: root.columns.cpuX
        width: Metrics.numberWidth
        text: root.row.cpu
    }

    NumberCell {
        visible: root.columns.hasMemory
        anchors.left: parent.left
        anchors.leftMargin: root.columns.memoryX
        width: Metrics.numberWidth
        text: root.row.memory
    }

    Course {
        visible: root.columns.hasSparks && root.columns.hasCpu && values.length > 1
        x: root.columns.cpuX + Metrics.numberWidth + Metrics.px(10)
        values: root.row.cpuCourse
        // An idle service looks idle.
        floor: 10
    }

    Course {
        visible: root.columns.hasSparks && root.columns.hasMemory && values.length > 1
        x: root.columns.memoryX + Metrics.numberWidth + Metrics.px(10)
        values: root.row.memoryCourse
        headroom: 1.25
    }

    Cell {
        id: why

        visible: root.hasWhy
        anchors.left: parent.left
        anchors.leftMargin: root.columns.serviceX
        y: Metrics.rowHeight - Metrics.px(8)
        width: root.width - root.columns.serviceX - Metrics.inset
        height: root.columns.isCompact ? implicitHeight + Metrics.px(4) : Metrics.whyHeight
        text: root.row.why
        font: Metrics.small
        maximumLineCount: root.columns.isCompact ? 2 : 1
        wrapMode: root.columns.isCompact ? Text.Wrap : Text.NoWrap
        verticalAlignment: Text.AlignTop
        color: root.isFailed ? Theme.text : Theme.text2
    }

    RowActions {
        id: actions

        anchors.right: parent.right
        anchors.rightMargin: Metrics.px(16)
        height: Metrics.rowHeight
        row: root.row
        areShown: hover.hovered || root.isCurrent
        isTight: root.columns.isTight
        takesTab: root.isCurrent
        onMenuWanted: anchor => root.menuWanted(anchor)
    }

    FocusRing {
        visible: root.hasFocusRing
        isInside: true
    }

    HoverHandler {
        id: hover
    }

    TapHandler {
        acceptedModifiers: Qt.NoModifier
        onTapped: root.picked()
        onDoubleTapped: root.opened()
    }

    TapHandler {
        acceptedModifiers: Qt.ControlModifier
        onTapped: root.selectionWanted()
    }

    TapHandler {
        acceptedModifiers: Qt.ShiftModifier
        onTapped: root.rangeWanted()
    }

    TapHandler {
        acceptedButtons: Qt.RightButton
        onTapped: {
            root.picked();
            root.menuWanted(null);
        }
    }
}
