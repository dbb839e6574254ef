pragma ComponentBehavior: Bound

import QtQuick
import QtQuick.Templates as T
import dev.ostler.app

// The document as a form: its services, and the keys of one.
Item {
    id: root

    property bool isShown: false
    property string wantedService: ""
    property string service: ""
    readonly property real listWidth: Math.min(Metrics.px(200), width / 3)

    // Stays on what is there.
    function settle() {
        const names = ConfigDocument.services;
        if (names.indexOf(root.service) >= 0)
            return;
        root.service = names.indexOf(root.wantedService) >= 0 ? root.wantedService : names.length > 0 ? names[0] : "";
    }

    onIsShownChanged: root.settle()
    onWantedServiceChanged: if (ConfigDocument.services.indexOf(root.wantedService) >= 0)
        root.service = root.wantedService

    Connections {
        target: ConfigDocument

        function onServicesChanged() {
            if (ConfigDocument.hasForm)
                root.settle();
        }
    }

    ListView {
        id: list

        anchors.left: parent.left
        anchors.top: parent.top
        anchors.bottom: buttons.top
        width: root.listWidth
        clip: true
        boundsBehavior: Flickable.StopAtBounds
        model: ConfigDocument.services

        Accessible.role: Accessible.List
        Accessible.name: qsTr("Services")

        delegate: NameRow {
            id: row

            width: list.width
            isChosen: root.service === row.modelData
            onClicked: root.service = row.modelData
        }
    }

    Row {
        id: buttons

        anchors.left: parent.left
        anchors.leftMargin: Metrics.gap
        anchors.bottom: parent.bottom
        height: Metrics.px(44)
        spacing: Metrics.gap

        BaseButton {
            isSmall: true
            enabled: ConfigDocument.hasForm
            glyph: Glyphs.action("add")
            text: qsTr("Add…")
            hint: qsTr("Add a service")
            onClicked: adding.begin()
        }

        BaseButton {
            isSmall: true
            enabled: ConfigDocument.hasForm && root.service !== ""
            text: qsTr("Remove")
            hint: root.service === "" ? qsTr("No service is chosen") : qsTr("Remove %1; nothing is written before you save").arg(root.service)
            onClicked: ConfigDocument.removeService(root.service)
        }
    }

    Rectangle {
        anchors.left: parent.left
        anchors.leftMargin: root.listWidth
        width: Metrics.lineWidth
        height: parent.height
        color: Theme.line
    }

    Flickable {
        id: flick

        anchors.left: parent.left
        anchors.leftMargin: root.listWidth + Metrics.lineWidth
        anchors.right: parent.right
        anchors.top: parent.top
        anchors.bottom: parent.bottom
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
            width: flick.width - 2 * x
            service: root.service
            isShown: root.isShown
        }
    }

    AddServiceDialog {
        id: adding

        onAdded: name => root.wantedService = name
    }
}
