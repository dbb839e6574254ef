import QtQuick
import dev.ostler.app

// The bar beside a line: added solid, changed hollow, a notch where lines are gone.
Item {
    id: root

    property int mark: 0
    readonly property bool isAdded: (root.mark & 1) !== 0
    readonly property bool isChanged: (root.mark & 2) !== 0
    readonly property bool isGoneAbove: (root.mark & 4) !== 0

    implicitWidth: Metrics.px(4)
    Accessible.ignored: true

    Rectangle {
        anchors.fill: parent
        visible: root.isAdded
        color: Theme.ok
    }

    Rectangle {
        height: parent.height
        width: 1
        visible: root.isChanged
        color: Theme.accent
    }

    Rectangle {
        anchors.right: parent.right
        height: parent.height
        width: 1
        visible: root.isChanged
        color: Theme.accent
    }

    Rectangle {
        y: -height / 2
        width: Metrics.px(6)
        height: Metrics.px(6)
        rotation: 45
        visible: root.isGoneAbove
        color: Theme.fail
    }
}
