import QtQuick
import dev.ostler.app

// Whether all services get a new run.
BaseDialog {
    id: root

    title: qsTr("Restart all services?")
    sentence: qsTr("Each one stops before what it needs and starts after it.")
    verb: qsTr("Restart all")

    onConfirmed: ServicesModel.restart("*")
}
