import QtQuick
import dev.ostler.app

// A new service, from the least that it needs. It goes into the document; what is written is shown first.
BaseDialog {
    id: root

    readonly property string nameTrouble: name.text === "" ? "" : ConfigDocument.services.indexOf(name.text) >= 0 ? qsTr("There is a service of this name already.") : ConfigDocument.nameTrouble(name.text)
    readonly property string portTrouble: port.text === "" || /^[0-9]+$/.test(port.text) && Number(port.text) > 0 && Number(port.text) < 65536 ? "" : qsTr("A port is a number from 1 to 65535.")

    signal added(string name)

    function begin() {
        if (!ConfigDocument.isLoaded)
            ConfigDocument.loadConfigToml();
        name.clear();
        line.clear();
        folder.clear();
        port.clear();
        starts.checked = true;
        root.open();
        name.forceActiveFocus(Qt.TabFocusReason);
    }

    title: qsTr("Which service is to be added?")
    sentence: qsTr("It is added to %1. You see the lines before they are written.").arg(ConfigDocument.name)
    verb: qsTr("Show the change")
    isUndoable: true
    canConfirm: name.text !== "" && line.text !== "" && root.nameTrouble === "" && root.portTrouble === ""
    onConfirmed: {
        ConfigDocument.addService(name.text, line.text, folder.text, port.text, starts.checked);
        root.added(name.text);
    }

    PlainText {
        text: qsTr("Name")
        Accessible.ignored: true
    }

    BaseTextField {
        id: name

        width: parent.width
        label: qsTr("Name")
        placeholderText: "web"
        trouble: root.nameTrouble
    }

    PlainText {
        width: parent.width
        visible: text !== ""
        text: root.nameTrouble
        font: Metrics.small
        color: Theme.fail
        wrapMode: Text.Wrap
    }

    PlainText {
        text: qsTr("Command line, run by your shell")
        Accessible.ignored: true
    }

    BaseTextField {
        id: line

        width: parent.width
        label: qsTr("Command line")
        placeholderText: "npm run dev"
        font: Metrics.editor
    }

    PlainText {
        text: qsTr("Folder; that of the configuration if empty")
        Accessible.ignored: true
    }

    BaseTextField {
        id: folder

        width: parent.width
        label: qsTr("Folder")
        placeholderText: "~/src/shop"
        font: Metrics.editor
    }

    PlainText {
        text: qsTr("Port it listens on, if it does")
        Accessible.ignored: true
    }

    BaseTextField {
        id: port

        width: Metrics.px(120)
        label: qsTr("Port")
        placeholderText: "8080"
        trouble: root.portTrouble
    }

    PlainText {
        width: parent.width
        visible: text !== ""
        text: root.portTrouble
        font: Metrics.small
        color: Theme.fail
    }

    BaseCheckBox {
        id: starts

        text: qsTr("Start it now, and with Ostler")
        checked: true
    }
}
