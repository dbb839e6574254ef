import QtQuick

// Looks for parts of a component, as a person finds them: by what they are called.
QtObject {
    // Everything below an item, also what has no place on the screen.
    function below(item: QtObject): var {
        let found = [];
        for (const list of [item.contentData, item.resources, item.children]) {
            for (let at = 0; list && at < list.length; ++at)
                found = found.concat([list[at]], below(list[at]));
        }
        return found;
    }

    function list(item: QtObject, source: string): QtObject {
        return below(item).find(part => part.source !== undefined && String(part.source) === source && part.append !== undefined);
    }

    function button(item: QtObject, name: string): Item {
        return below(item).find(part => part.clicked !== undefined && part.visible && part.Accessible.name === name) ?? null;
    }

    function last(calls: var): string {
        return calls.length === 0 ? "" : JSON.stringify(calls[calls.length - 1]);
    }
}
