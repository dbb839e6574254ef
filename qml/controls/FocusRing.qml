import QtQuick
import dev.ostler.app

// Says where the keyboard is: outside a control, or inside a row.
Rectangle {
    id: root

    property bool isInside: false

    anchors.fill: parent
    anchors.margins: isInside ? 0 : -3
    radius: isInside ? 0 : Metrics.radius + 3
    color: "transparent"
    border.width: 2
    border.color: Theme.accent
}
