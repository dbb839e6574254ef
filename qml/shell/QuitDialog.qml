import QtQuick
import dev.ostler.app

// What becomes of the services when the app ends. Asked once, unless the person wants to be asked again.
BaseDialog {
    id: root

    property int serviceCount: 0

    title: qsTr("Quit Ostler?")
    sentence: qsTr("Stop %n service(s), or keep them running in the background.", "", root.serviceCount)
    verb: qsTr("Stop %n service(s)", "", root.serviceCount)

    onConfirmed: Desktop.quitAndStop(remembered.checked)

    otherButtons: BaseButton {
        isLarge: true
        text: qsTr("Keep running")
        hint: qsTr("A daemon in the background takes the services over; nothing is restarted")
        onClicked: {
            root.close();
            Desktop.quitAndKeep(remembered.checked);
        }
    }

    BaseCheckBox {
        id: remembered

        checked: true
        text: qsTr("Do this every time, without asking")
    }
}
