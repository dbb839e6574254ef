import QtQuick
import dev.ostler.app

// A row of the list: a heading or a service.
RowFacts {
    id: root

    required property Columns columns
    property bool isCurrent: false
    property bool hasFocusRing: false

    signal picked
    signal opened
    signal selectionWanted
    signal rangeWanted
    signal menuWanted(Item anchor)

    implicitHeight: content.item ? content.item.implicitHeight : Metrics.rowHeight
    Accessible.ignored: true

    Loader {
        id: content

        anchors.fill: parent
        sourceComponent: root.isHeading ? heading : service
    }

    Component {
        id: heading

        GroupRow {
            row: root
            columns: root.columns
            isCurrent: root.isCurrent
            hasFocusRing: root.hasFocusRing
        }
    }

    Component {
        id: service

        ServiceRow {
            row: root
            columns: root.columns
            isCurrent: root.isCurrent
            hasFocusRing: root.hasFocusRing
            onPicked: root.picked()
            onOpened: root.opened()
            onSelectionWanted: root.selectionWanted()
            onRangeWanted: root.rangeWanted()
            onMenuWanted: anchor => root.menuWanted(anchor)
        }
    }
}
