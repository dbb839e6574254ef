import QtQuick
import dev.ostler.app

// The heading of a group, which folds it.
Item {
    id: root

    required property RowFacts row
    required property Columns columns
    property bool isCurrent: false
    property bool hasFocusRing: false

    implicitHeight: Metrics.groupHeight

    function toggle() {
        ServicesModel.fold(root.row.group, !root.row.isFolded);
    }

    Accessible.role: Accessible.Button
    Accessible.name: qsTr("%1, %2, %3").arg(root.row.name).arg(root.row.tag).arg(root.row.isFolded ? qsTr("folded") : qsTr("unfolded"))
    Accessible.focusable: true
    Accessible.focused: root.hasFocusRing
    Accessible.onPressAction: root.toggle()

    Rectangle {
        anchors.fill: parent
        color: hover.hovered ? Theme.hover : "transparent"
    }

    Row {
        x: root.columns.inset - Metrics.px(4)
        height: parent.height
        spacing: Metrics.px(6)

        Glyph {
            anchors.verticalCenter: parent.verticalCenter
            source: Glyphs.action(root.row.isFolded ? "chevron-right" : "chevron-down")
            color: Theme.text2
            mirror: root.row.isFolded && Qt.application.layoutDirection === Qt.RightToLeft
        }

        Glyph {
            anchors.verticalCenter: parent.verticalCenter
            visible: root.row.isFolded
            source: Glyphs.ofState(root.row.phase)
            color: Theme.states[root.row.phase]
        }

        PlainText {
            height: parent.height
            text: root.row.name
            font: Metrics.strong
            Accessible.ignored: true
        }

        PlainText {
            height: parent.height
            text: root.row.tag
            font: Metrics.small
            color: Theme.text2
            Accessible.ignored: true
        }
    }

    FocusRing {
        visible: root.hasFocusRing
        isInside: true
    }

    HoverHandler {
        id: hover
    }

    TapHandler {
        onTapped: root.toggle()
    }
}
