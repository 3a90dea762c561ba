/// What is looked for on every page: expressions that are evaluated in it, each true to its name.
enum PageAudit {
  /// Every fault of the page as a sentence; waits until the page has come to rest.
  static let faults = """
    (async () => {
      \(tools)
      \(structure)
      \(names)
      \(contrast)
      \(layout)
      return faults;
    })()
    """

  private static let tools = """
    const faults = [];
    const show = (element) => element.outerHTML.replace(/\\s+/g, ' ').slice(0, 160);
    const isShown = (element) => element.checkVisibility({ visibilityProperty: true });
    const text = (element) => element.textContent.trim();
    const all = (selector) => [...document.querySelectorAll(selector)];
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    """

  private static let structure = """
    if (!/^\\S.* · Fleetlog$/.test(document.title)) faults.push(`its title is “${document.title}”`);
    if (!document.documentElement.lang) faults.push('it names no language');
    const headings = all('h1, h2, h3, h4, h5, h6, [role=heading]').filter(isShown);
    const levels = headings.map((heading) => Number(heading.localName[1] ?? 0));
    if (levels.filter((level) => level === 1).length !== 1) faults.push('it has not one h1');
    if (levels[0] !== 1) faults.push('its first heading is no h1');
    levels.forEach((level, index) => {
      if (level > (levels[index - 1] ?? 0) + 1) {
        faults.push(`a level is left out before ${show(headings[index])}`);
      }
    });
    if (all('main').length !== 1) faults.push('it has not one main part');
    const ids = all('[id]').map((element) => element.id);
    ids.forEach((id, index) => {
      if (ids.indexOf(id) !== index) faults.push(`the id ${id} stands twice`);
    });
    for (const element of all('[aria-labelledby]')) {
      if (!document.getElementById(element.getAttribute('aria-labelledby'))) {
        faults.push(`nothing labels ${show(element)}`);
      }
    }
    for (const entry of performance.getEntriesByType('resource')) {
      if (new URL(entry.name).origin !== location.origin) faults.push(`it asks for ${entry.name}`);
    }
    """

  private static let names = """
    for (const control of all('input:not([type=hidden]), select, textarea, button, progress')) {
      const label = [...(control.labels ?? [])].map(text).join('')
        || control.getAttribute('aria-label')
        || (control.matches('button, progress') && text(control));
      if (!label) faults.push(`without a label: ${show(control)}`);
    }
    for (const link of all('a[href], summary').filter((each) => !each.closest('[hidden]'))) {
      const name = link.getAttribute('aria-label') ?? link.textContent;
      if (!name.trim()) faults.push(`without a name: ${show(link)}`);
    }
    for (const svg of all('svg:not(svg svg)')) {
      if (!svg.getAttribute('aria-label')) faults.push(`without a label: ${show(svg)}`);
    }
    """

  /// WCAG 2.1's contrast, of every text that is seen, with the colours as computed.
  private static let contrast = """
    const rgba = (value) => {
      const part = value.match(/-?[\\d.]+(e-?\\d+)?/g).map(Number);
      const scale = value.startsWith('color(srgb') ? 255 : 1;
      return [part[0] * scale, part[1] * scale, part[2] * scale, part[3] ?? 1];
    };
    const over = (top, below) => {
      const alpha = top[3];
      return [0, 1, 2].map((i) => top[i] * alpha + below[i] * (1 - alpha)).concat(1);
    };
    const luminance = (colour) => {
      const [r, g, b] = colour.map((part) => {
        const share = part / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ratio = (one, other) => {
      const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
      return (light + 0.05) / (dark + 0.05);
    };
    const ancestry = (element) => {
      const line = [];
      for (let at = element; at; at = at.parentElement) line.unshift(getComputedStyle(at));
      return line;
    };
    const ground = (line) => line.map((style) => rgba(style.backgroundColor))
      .reduce((below, top) => over(top, below), [255, 255, 255, 1]);
    const check = (element, style, colour, words) => {
      const line = ancestry(element);
      const opacity = line.reduce((product, each) => product * each.opacity, 1);
      const behind = ground(line);
      const [r, g, b, a] = rgba(colour);
      const value = ratio(over([r, g, b, a * opacity], behind), behind);
      const place = `“${words.slice(0, 60)}” in ${show(element)}`;
      if (value < 4.5) faults.push(`contrast ${value.toFixed(2)}: ${place}`);
      if (parseFloat(style.fontSize) < 11) faults.push(`${style.fontSize} is small: ${place}`);
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const words = walker.currentNode.data.trim();
      if (!words || !isShown(element) || element.closest('.aside, svg title')) continue;
      const style = getComputedStyle(element);
      check(element, style, element.closest('svg') ? style.fill : style.color, words);
    }
    for (const input of all('input[placeholder]').filter(isShown)) {
      const style = getComputedStyle(input, '::placeholder');
      check(input, style, style.color, input.placeholder);
    }
    """

  private static let layout = """
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth) {
      const isWide = (each) => each.getBoundingClientRect().right > root.clientWidth + 0.5;
      const wide = all('body *').filter(isWide).slice(0, 3).map(show).join(' ');
      faults.push(`${root.scrollWidth - root.clientWidth} px too wide: ${wide}`);
    }
    const here = document.querySelector('.side [aria-current]')?.getBoundingClientRect();
    if (here && (here.left < 0 || here.right > root.clientWidth)) {
      faults.push('the navigation does not show where one is');
    }
    for (const cell of all('td')) {
      const { width, height } = cell.getBoundingClientRect();
      if (width < 100 && height > 120) faults.push(`crushed: ${show(cell)}`);
    }
    for (const part of all('.scroll')) {
      if (part.scrollWidth > part.clientWidth) faults.push(`columns are out of sight: ${show(part)}`);
    }
    if (document.getAnimations().length && matchMedia('(prefers-reduced-motion: reduce)').matches) {
      faults.push('it moves although the reader wants no motion');
    }
    const shifts = await new Promise((found) => {
      const shifts = [];
      const observer = new PerformanceObserver((list) => shifts.push(...list.getEntries()));
      observer.observe({ type: 'layout-shift', buffered: true });
      frame().then(() => found(shifts.concat(observer.takeRecords())));
    });
    for (const shift of shifts) {
      const moved = shift.sources.map((source) => source.node?.parentElement).filter(Boolean);
      const list = moved.slice(0, 2).map(show).join(' ');
      faults.push(`something moved by itself (${shift.value.toFixed(4)}): ${list}`);
    }
    """
}
