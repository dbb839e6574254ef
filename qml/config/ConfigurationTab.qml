import QtQuick
import QtQuick.Layouts
import QtQuick.Templates as T
import dev.ostler.app

// The configuration of one service as a form, in its detail. What is changed here is written after its diff was seen.
Item {
    id: root

    property string service: ""
    property string instance: ""
    property bool isShown: false

    onIsShownChanged: if (root.isShown && !ConfigDocument.isLoaded)
        ConfigDocument.loadConfigToml()
    Component.onCompleted: if (root.isShown && !ConfigDocument.isLoaded)
        ConfigDocument.loadConfigToml()

    Flickable {
        id: flick

        anchors.top: parent.top
        anchors.bottom: foot.top
        width: parent.width
        contentHeight: form.implicitHeight + Metrics.px(40)
        boundsBehavior: Flickable.StopAtBounds
        clip: true

        T.ScrollBar.vertical: BaseScrollBar {
        }

        FocusFollower {
            view: flick
        }

        ServiceForm {
            id: form

            x: Metrics.px(20)
            y: Metrics.px(20)
            width: Math.min(flick.width - 2 * x, Metrics.px(760))
            service: root.service
            isShown: root.isShown
        }
    }

    Rectangle {
        id: foot

        anchors.bottom: parent.bottom
        width: parent.width
        height: visible ? Metrics.px(44) : 0
        visible: ConfigDocument.isDirty || ConfigDocument.configEditorError !== ""
        color: ConfigDocument.configEditorError !== "" ? Theme.failTint : Theme.sunken

        RowLayout {
            anchors.fill: parent
            anchors.leftMargin: Metrics.px(20)
            anchors.rightMargin: Metrics.inset
            spacing: Metrics.gap

            PlainText {
                Layout.fillWidth: true
                text: ConfigDocument.configEditorError !== "" ? ConfigDocument.configEditorError : ConfigDocument.errorCount > 0 ? qsTr("The changed configuration has problems.") : qsTr("Not written yet: +%1 −%2 lines of %3.").arg(ConfigDocument.addedCount).arg(ConfigDocument.removedCount).arg(ConfigDocument.name)
            }

            BaseButton {
                isSmall: true
                visible: ConfigDocument.isDirty
                text: qsTr("Discard")
                onClicked: ConfigDocument.discard()
            }

            BaseButton {
                isSmall: true
                isPrimary: true
                visible: ConfigDocument.isDirty
                text: ConfigDocument.errorCount > 0 ? qsTr("Show problems") : qsTr("Review and save…")
                onClicked: ConfigDocument.openEditor(ConfigDocument.errorCount === 0 ? ConfigDocument.ReviewView : ConfigDocument.TextView, root.service)
            }
        }

        Rectangle {
            width: parent.width
            height: Metrics.lineWidth
            color: Theme.line
        }
    }
}
