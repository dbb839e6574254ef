import QtQuick
import dev.ostler.app

// Why the list is empty, and what can be done about it.
EmptyState {
    id: root

    signal clearWanted

    title: ServicesModel.isFiltered ? qsTr("No service matches") : App.link === App.Stale ? qsTr("No engine") : qsTr("No services yet")
    sentence: ServicesModel.isFiltered ? "" : App.link === App.Stale ? App.linkReason : qsTr("Define one in %1; it appears here when the file is saved.").arg(Supervisor.configPath)
    step: ServicesModel.isFiltered ? qsTr("Clear filter") : App.waitsForConfig ? qsTr("Edit Config") : App.link === App.Stale ? qsTr("Start engine") : ""
    otherStep: !ServicesModel.isFiltered && App.waitsForConfig ? qsTr("Try again") : ""
    onStepTaken: {
        if (ServicesModel.isFiltered)
            root.clearWanted();
        else if (App.waitsForConfig)
            ConfigDocument.openEditor(ConfigDocument.MistakeView, "");
        else
            App.startEngine();
    }
    onOtherStepTaken: App.startEngine()
}
