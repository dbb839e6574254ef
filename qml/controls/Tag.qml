import QtQuick
import dev.ostler.app

// A word about what kind of thing it is.
Rectangle {
    id: root

    property alias text: label.text

    implicitWidth: label.implicitWidth + Metrics.px(10)
    implicitHeight: Metrics.px(16)
    radius: Metrics.tagRadius
    color: "transparent"
    border.width: Metrics.lineWidth
    border.color: Theme.edge
    Accessible.ignored: true

    PlainText {
        id: label

        anchors.centerIn: parent
        font: Metrics.caption
        color: Theme.text2
        Accessible.ignored: true
    }
}
