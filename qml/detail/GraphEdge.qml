import QtQuick
import dev.ostler.app

// The elbow between a node and the service itself: out, along the middle, in.
Item {
    id: root

    property real own: 0
    property real middle: 0
    property bool isLeft: true

    height: parent ? parent.height : 0

    component Line: Rectangle {
        color: Theme.border
    }

    Line {
        x: root.isLeft ? 0 : root.width / 2
        y: root.own
        width: root.width / 2
        height: Metrics.lineWidth
    }

    Line {
        x: root.width / 2
        y: Math.min(root.own, root.middle)
        width: Metrics.lineWidth
        height: Math.abs(root.middle - root.own) + Metrics.lineWidth
    }

    Line {
        x: root.isLeft ? root.width / 2 : 0
        y: root.middle
        width: root.width / 2
        height: Metrics.lineWidth
    }
}
