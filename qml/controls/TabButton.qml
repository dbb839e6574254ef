import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// One tab of a TabStrip. The strip does not know which is current: whoever owns it says so.
T.AbstractButton {
    id: root

    property bool isCurrent: false
    property int badge: 0
    property string keys: ""

    implicitWidth: contentItem.implicitWidth + leftPadding + rightPadding
    implicitHeight: parent ? parent.height : Metrics.tabHeight
    leftPadding: Metrics.px(12)
    rightPadding: Metrics.px(12)
    focusPolicy: root.isCurrent || root.activeFocus ? Qt.TabFocus : Qt.NoFocus
    hoverEnabled: true

    Accessible.role: Accessible.PageTab
    Accessible.name: root.badge > 0 ? qsTr("%1, %2").arg(root.text).arg(root.badge) : root.text
    Accessible.description: root.keys
    Accessible.selected: root.isCurrent
    Accessible.ignored: !root.visible
    Accessible.onPressAction: if (root.enabled)
        root.clicked()

    Keys.onReturnPressed: root.clicked()
    Keys.onEnterPressed: root.clicked()

    contentItem: Item {
        implicitWidth: heavy.implicitWidth + (badge.visible ? badge.width + Metrics.px(6) : 0)
        implicitHeight: heavy.implicitHeight

        // The width of the loud form, so that nothing moves when another tab becomes current.
        PlainText {
            id: heavy

            visible: false
            text: root.text
            font: Metrics.strong
        }

        PlainText {
            anchors.left: parent.left
            anchors.verticalCenter: parent.verticalCenter
            width: heavy.implicitWidth
            horizontalAlignment: Text.AlignHCenter
            text: root.text
            font: root.isCurrent ? Metrics.strong : Metrics.body
            color: root.isCurrent || root.hovered ? Theme.text : Theme.text2
            Accessible.ignored: true
        }

        Rectangle {
            id: badge

            anchors.right: parent.right
            anchors.verticalCenter: parent.verticalCenter
            visible: root.badge > 0
            width: Math.max(height, count.implicitWidth + Metrics.px(8))
            height: Metrics.px(16)
            radius: Metrics.tagRadius
            color: Theme.press

            PlainText {
                id: count

                anchors.centerIn: parent
                text: root.badge
                font: Metrics.caption
                color: Theme.text2
                Accessible.ignored: true
            }
        }
    }

    background: Item {
        Rectangle {
            anchors.bottom: parent.bottom
            x: Metrics.px(12)
            width: parent.width - 2 * x
            height: Metrics.px(2)
            visible: root.isCurrent
            color: Theme.accent
        }
    }

    FocusRing {
        visible: root.visualFocus
        anchors.margins: Metrics.px(4)
        radius: Metrics.smallRadius
    }
}
