import QtQuick
import QtQuick.Layouts
import dev.ostler.app

// The one thing that concerns everything now. It stays while its cause lasts.
Rectangle {
    id: root

    readonly property int kind: App.notice !== "" ? Supervisor.Notice : Supervisor.bannerKind
    readonly property bool isNotice: root.kind === Supervisor.Notice
    readonly property string subject: root.isNotice ? App.notice : Supervisor.bannerSubject
    readonly property string rest: root.isNotice ? "" : Supervisor.bannerText

    implicitHeight: visible ? Metrics.bannerHeight : 0
    visible: root.kind !== Supervisor.NoBanner
    color: Theme.bannerTints[root.kind]

    Accessible.role: Accessible.AlertMessage
    Accessible.ignored: !root.visible
    Accessible.name: root.subject + " " + root.rest

    RowLayout {
        anchors.fill: parent
        anchors.leftMargin: Metrics.inset
        anchors.rightMargin: Metrics.inset
        spacing: Metrics.gap

        Glyph {
            source: Glyphs.ofBanner(root.kind)
            color: Theme.banners[root.kind]
        }

        PlainText {
            Layout.maximumWidth: root.width / 2
            text: root.subject
            font: Metrics.strong
            Accessible.ignored: true
        }

        PlainText {
            Layout.fillWidth: true
            text: root.rest
            color: Theme.text2
            Accessible.ignored: true
        }

        BaseButton {
            visible: root.kind === Supervisor.ConfigRefused || (root.kind === Supervisor.EngineLost && App.waitsForConfig)
            isSmall: true
            text: qsTr("Edit Config")
            hint: qsTr("Open the configuration at its first problem")
            onClicked: ConfigDocument.openEditor(ConfigDocument.MistakeView, "")
        }

        BaseButton {
            visible: root.kind === Supervisor.EngineLost
            isSmall: true
            text: App.waitsForConfig ? qsTr("Try again") : qsTr("Start engine")
            onClicked: App.startEngine()
        }

        BaseButton {
            visible: root.isNotice
            isSmall: true
            text: qsTr("Dismiss")
            onClicked: App.dismissNotice()
        }
    }

    Rectangle {
        anchors.bottom: parent.bottom
        width: parent.width
        height: Metrics.lineWidth
        color: Theme.line
    }
}
