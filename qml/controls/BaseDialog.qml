import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// A question about everything behind it. The title is the question and names the thing; the verb answers it.
// Focus begins on the verb when what it does can be undone, else on Cancel; Esc is Cancel.
T.Dialog {
    id: root

    property string sentence: ""
    property string verb: ""
    property string cancelText: qsTr("Cancel")
    property bool isUndoable: false
    property bool canConfirm: true
    property real wantedWidth: Metrics.px(480)
    default property alias content: body.data
    property alias otherButtons: others.data

    signal confirmed

    parent: T.Overlay.overlay
    x: Math.round((parent.width - width) / 2)
    y: Math.max(Metrics.inset, Math.round((parent.height - height) / 2.4))
    width: Math.min(root.wantedWidth, parent.width - 2 * Metrics.inset)
    height: Math.min(implicitHeight, parent.height - 2 * Metrics.inset)
    implicitHeight: contentItem.implicitHeight + header.height + footer.height
    padding: Metrics.px(24)
    topPadding: 0
    bottomPadding: 0
    modal: true
    dim: true
    focus: true
    closePolicy: T.Popup.CloseOnEscape

    onOpened: {
        if (root.isUndoable && root.canConfirm)
            confirm.forceActiveFocus(Qt.TabFocusReason);
        else
            cancel.forceActiveFocus(Qt.TabFocusReason);
    }

    T.Overlay.modal: Rectangle {
        color: Theme.scrim
    }

    header: Item {
        height: title.implicitHeight + title.anchors.topMargin + Metrics.px(4)

        PlainText {
            id: title

            anchors.left: parent.left
            anchors.right: parent.right
            anchors.top: parent.top
            anchors.margins: Metrics.px(24)
            text: root.title
            font: Metrics.dialogTitle
            wrapMode: Text.Wrap
            elide: Text.ElideNone
            Accessible.role: Accessible.Heading
        }
    }

    contentItem: Flickable {
        id: scroll

        implicitHeight: column.implicitHeight
        contentHeight: column.implicitHeight
        clip: true
        boundsBehavior: Flickable.StopAtBounds
        interactive: contentHeight > height

        T.ScrollBar.vertical: BaseScrollBar {
        }

        FocusFollower {
            view: scroll
        }

        Column {
            id: column

            width: parent.width
            spacing: Metrics.px(12)

            PlainText {
                width: parent.width
                visible: text !== ""
                text: root.sentence
                color: Theme.text2
                wrapMode: Text.Wrap
                elide: Text.ElideNone
            }

            Column {
                id: body

                width: parent.width
                spacing: Metrics.gap
            }
        }
    }

    footer: Item {
        height: Metrics.largeControl + Metrics.px(44)

        Row {
            id: others

            anchors.left: parent.left
            anchors.leftMargin: Metrics.px(24)
            anchors.bottom: parent.bottom
            anchors.bottomMargin: Metrics.px(24)
            spacing: Metrics.gap
        }

        Row {
            anchors.right: parent.right
            anchors.rightMargin: Metrics.px(24)
            anchors.bottom: parent.bottom
            anchors.bottomMargin: Metrics.px(24)
            spacing: Metrics.gap

            BaseButton {
                id: cancel

                isLarge: true
                text: root.cancelText
                onClicked: root.reject()
            }

            BaseButton {
                id: confirm

                visible: text !== ""
                isLarge: true
                isPrimary: true
                enabled: root.canConfirm
                text: root.verb
                // What is asked about may be known only after the question is there.
                onEnabledChanged: if (enabled && root.opened && root.isUndoable && cancel.activeFocus)
                    confirm.forceActiveFocus(Qt.TabFocusReason)
                onClicked: {
                    root.confirmed();
                    root.accept();
                }
            }
        }
    }

    background: Rectangle {
        radius: Metrics.popupRadius
        color: Theme.raised
        border.width: Metrics.lineWidth
        border.color: Theme.border
    }
}
