import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A line between parts of a menu.
T.MenuSeparator {
    id: root

    implicitWidth: Metrics.px(100)
    implicitHeight: visible ? Metrics.px(9) : 0
    Accessible.ignored: true

    contentItem: Item {
        Rectangle {
            anchors.verticalCenter: parent.verticalCenter
            width: parent.width
            height: Metrics.lineWidth
            color: Theme.line
        }
    }
}
