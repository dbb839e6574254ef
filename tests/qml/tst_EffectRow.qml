import QtQuick
import QtTest
import dev.ostler.app

TestCase {
    id: root

    name: "EffectRow"
    width: 368
    height: 100
    visible: true
    when: windowShown

    Component {
        id: row

        EffectRow {
            width: 336
        }
    }

    function said(effect: int, name: string, keys: string): string {
        const item = createTemporaryObject(row, root, {
                "effect": effect,
                "name": name,
                "keys": keys
            });
        verify(item);
        return item.Accessible.name;
    }

    function test_a_row_names_the_service_what_happens_and_why() {
        compare(said(ConfigDocument.Restarts, "api", "ports"), "api restarts ports");
        compare(said(ConfigDocument.IsAddedDown, "redis", ""), "redis is added and stays down");
    }

    function test_what_is_not_touched_is_counted() {
        compare(said(ConfigDocument.Untouched, "1", ""), "1 service untouched");
        compare(said(ConfigDocument.Untouched, "10", ""), "10 services untouched");
    }

    function test_a_remark_stands_for_itself() {
        compare(said(ConfigDocument.Remark, "not available yet", ""), "not available yet");
    }
}
