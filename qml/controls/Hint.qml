import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A word beside a control that the pointer or the keyboard rests on.
T.ToolTip {
    id: root

    property bool isWanted: false

    visible: root.isWanted && root.text !== ""
    delay: 600
    x: parent ? (parent.width - implicitWidth) / 2 : 0
    y: parent ? parent.height + 6 : 0
    margins: 6
    padding: Metrics.px(6)
    leftPadding: Metrics.gap
    rightPadding: Metrics.gap
    implicitWidth: contentItem.implicitWidth + leftPadding + rightPadding
    implicitHeight: contentItem.implicitHeight + topPadding + bottomPadding
    closePolicy: T.Popup.CloseOnEscape | T.Popup.CloseOnPressOutsideParent

    contentItem: PlainText {
        text: root.text
        font: Metrics.small
    }

    background: Rectangle {
        radius: Metrics.smallRadius
        color: Theme.raised
        border.width: Metrics.lineWidth
        border.color: Theme.edge
    }
}
