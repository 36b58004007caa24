/// The parts of a walk-through that are the same for every scenario.
enum WalkThroughParts {
    static let keys = """
        <kbd>Right</kbd> <kbd>Space</kbd> <kbd>s</kbd> next step, <kbd>Left</kbd> <kbd>S</kbd> the step before, \
        <kbd>e</kbd> <kbd>E</kbd> by a caption, <kbd>]</kbd> <kbd>[</kbd> by a chapter, <kbd>Home</kbd> <kbd>End</kbd> \
        to the ends, <kbd>p</kbd> plays and stops.
        """

    static func controls(last: Int, chapters: [(index: Int, title: String)]) -> String {
        let options = chapters.map { "<option value=\"\($0.index)\">\(escaped($0.title))</option>" }.joined()
        let chooser =
            chapters.isEmpty
            ? "" : "<label>Chapter <select id=\"chapter\"><option value=\"0\">Beginning</option>\(options)</select></label>\n"
        return """
            <nav aria-label="Steps">
            <button type="button" id="first">First</button>
            <button type="button" id="back">Back</button>
            <button type="button" id="next">Next</button>
            <button type="button" id="last">Last</button>
            <button type="button" id="play" aria-pressed="false">Play</button>
            \(chooser)<input type="range" id="place" min="0" max="0" value="0" aria-label="Place in the walk-through">
            <output id="step">0 / \(last)</output>
            </nav>
            <p id="caption" aria-hidden="true"></p>
            """
    }

    static let style = """
        :root { color-scheme: light dark; }
        body { max-width: 75rem; margin: 1rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.3rem; margin: 0; }
        nav { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }
        nav input { flex: 1; min-width: 8rem; }
        button, select { font: inherit; }
        kbd { border: 1px solid; border-radius: .2rem; padding: 0 .25rem; }
        #caption { min-height: 3em; font-size: 1.15rem; margin: .5rem 0; }
        #screen { font: .8rem/1.25 ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; padding: .75rem; \
        border-radius: .4rem; overflow-x: auto; }
        #screen i { font-style: normal; }
        #told { border-left: .25rem solid; padding-left: .75rem; }
        #told p { margin: 0; }
        :focus-visible { outline: 3px solid #3971ed; outline-offset: 2px; }
        """

    static let script = """
        'use strict';
        const data = JSON.parse(document.getElementById('data').textContent);
        const frames = data.frames;
        const get = id => document.getElementById(id);
        let now = 0, timer = null;

        function show(index) {
          now = Math.max(0, Math.min(frames.length - 1, index));
          const frame = frames[now];
          get('screen').innerHTML = frame.rows.map(row => data.rows[row]).join('\\n');
          get('caption').textContent = data.captions[frame.caption];
          get('told').replaceChildren(...frame.told.map(text => {
            const line = document.createElement('p');
            line.textContent = text;
            return line;
          }));
          get('place').value = now;
          get('place').setAttribute('aria-valuetext', 'step ' + frame.at);
          get('step').textContent = frame.at + ' / ' + frames[frames.length - 1].at;
          get('command').textContent = data.command + ' --at ' + frame.at;
          if (get('chapter')) get('chapter').value = String(seek(now + 1, -1, frame => frame.chapter));
          history.replaceState(null, '', '#' + frame.at);
        }

        // The nearest screen in a direction that is as wanted, or the end on that side.
        function seek(from, step, isWanted) {
          let index = from + step;
          while (index > 0 && index < frames.length - 1 && !isWanted(frames[index], index)) index += step;
          return Math.max(0, Math.min(frames.length - 1, index));
        }

        const isCaption = (frame, index) => index == 0 || frame.caption != frames[index - 1].caption;
        const isChapter = frame => frame.chapter;

        function play(on) {
          clearTimeout(timer);
          timer = null;
          get('play').setAttribute('aria-pressed', String(on));
          if (!on || now == frames.length - 1) return get('play').setAttribute('aria-pressed', 'false');
          const length = isCaption(frames[now], now) ? data.captions[frames[now].caption].length : 0;
          timer = setTimeout(() => {
            show(now + 1);
            play(!frames[now].pause);
          }, length ? Math.min(8000, 1000 + 40 * length) : 500);
        }

        const actions = {
          ArrowRight: () => show(now + 1), ' ': () => show(now + 1), s: () => show(now + 1),
          PageDown: () => show(now + 1), n: () => show(now + 1),
          ArrowLeft: () => show(now - 1), S: () => show(now - 1), Backspace: () => show(now - 1),
          PageUp: () => show(now - 1),
          e: () => show(seek(now, 1, isCaption)), E: () => show(seek(now, -1, isCaption)),
          ']': () => show(seek(now, 1, isChapter)), '[': () => show(seek(now, -1, isChapter)),
          Home: () => show(0), g: () => show(0),
          End: () => show(frames.length - 1), G: () => show(frames.length - 1),
        };

        addEventListener('keydown', event => {
          if (event.ctrlKey || event.altKey || event.metaKey) return;
          const control = event.target.closest('button, select, input');
          // A control has its own keys first.
          if (control && (event.key == ' ' || event.key == 'Enter' || control.id != event.target.id
              || control.tagName != 'BUTTON' && event.key.length > 1)) return;
          if (event.key == 'p') { event.preventDefault(); return play(timer == null); }
          const action = actions[event.key];
          if (!action) return;
          event.preventDefault();
          play(false);
          action();
        });

        get('place').max = frames.length - 1;
        get('place').addEventListener('input', event => { play(false); show(Number(event.target.value)); });
        get('first').addEventListener('click', () => { play(false); show(0); });
        get('back').addEventListener('click', () => { play(false); show(now - 1); });
        get('next').addEventListener('click', () => { play(false); show(now + 1); });
        get('last').addEventListener('click', () => { play(false); show(frames.length - 1); });
        get('play').addEventListener('click', () => play(timer == null));
        if (get('chapter')) get('chapter').addEventListener('change', event => { play(false); show(Number(event.target.value)); });

        function fromAddress() {
          const wanted = parseInt(location.hash.slice(1), 10);
          const index = frames.findLastIndex(frame => frame.at <= wanted);
          show(index < 0 ? 0 : index);
        }
        addEventListener('hashchange', fromAddress);
        fromAddress();
        """
}
