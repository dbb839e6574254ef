import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// How much there is, and where one is in it.
T.ScrollBar {
    id: root

    implicitWidth: Metrics.px(12)
    implicitHeight: Metrics.px(12)
    padding: Metrics.px(2)
    minimumSize: 0.04
    visible: policy === T.ScrollBar.AlwaysOn || (policy === T.ScrollBar.AsNeeded && size < 1)
    hoverEnabled: true
    Accessible.ignored: true

    contentItem: Rectangle {
        implicitWidth: Metrics.px(8)
        implicitHeight: Metrics.px(8)
        radius: width < height ? width / 2 : height / 2
        color: root.pressed || root.hovered ? Theme.text3 : Theme.border
        opacity: root.pressed || root.hovered || Theme.isContrast ? 1 : 0.6
    }
}
