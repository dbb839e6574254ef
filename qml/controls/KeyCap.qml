import QtQuick
import dev.ostler.app

// The key that does the same.
Rectangle {
    id: root

    property alias text: label.text

    implicitWidth: Math.max(implicitHeight, label.implicitWidth + Metrics.px(8))
    implicitHeight: Metrics.px(18)
    radius: Metrics.tagRadius
    color: Theme.chrome
    border.width: Metrics.lineWidth
    border.color: Theme.edge
    Accessible.ignored: true

    PlainText {
        id: label

        anchors.centerIn: parent
        font: Metrics.caption
        color: Theme.text3
        Accessible.ignored: true
    }
}
