// Copyright (c) 2026, the netplumb.linuxnet authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";

(() => {
  const hosts = JSON.parse(document.getElementById("hosts").textContent);
  const byId = (id) => document.getElementById(id);
  //: What can be searched and opened: its element, the text to search, ports, and whether it is broken.
  const items = [];
  const DENSE = 60;
  let opened = null;

  // Everything is put in as text, so that no name is ever read as HTML.
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  const many = (number, word) => number + " " + word + (number === 1 ? "" : "s");
  const wrongs = (faults) => faults.map((fault) => make("p", { class: "wrong" }, fault));
  const addresses = (list) => list.map((address) => make("span", { class: "address" }, address));

  // --- The picture of a host ---

  function draw(host) {
    const title = make("h2", { id: "host-" + hosts.indexOf(host) }, host.name + " ");
    const section = make("section", { class: "host", "aria-labelledby": title.id }, title);
    const network = host.network;
    if (!network) {
      section.append(make("p", { class: "wrong" }, "nothing could be read from this host"));
      items.push({ element: section, text: host.name.toLowerCase(), words: [], ports: [], faulty: true, host });
      return section;
    }
    const count = network.faults.length;
    title.append(make("span", { class: "count" },
      many(network.namespaces.length, "namespace") + ", " + (count ? many(count, "fault") : "no faults")));
    section.append(...wrongs(network.host.faults));
    if (network.host.faults.length) {
      items.push({ element: section, text: host.name.toLowerCase(), words: [], ports: [], faulty: true, host, whole: true });
    }
    if (network.namespaces.length > DENSE) section.classList.add("dense");
    section.append(picture(host));
    return section;
  }

  function picture(host) {
    const network = host.network;
    const view = {
      host, network,
      spaces: new Map(network.namespaces.map((space) => [space.name, space])),
      at: new Map(), drawn: new Set(),
    };
    for (const port of network.ports) {
      const key = JSON.stringify(port.to);
      if (!view.at.has(key)) view.at.set(key, []);
      view.at.get(key).push(port);
    }
    const own = network.host.interfaces.filter((one) => one.name !== "lo" && !one.bridge);
    const bridges = own.filter((one) => one.kind === "bridge");
    const pairs = own.filter((one) => one.kind !== "bridge" && one.peer);
    const uplinks = own.filter((one) => one.kind !== "bridge" && !one.peer);
    const group = make("div", { role: "group", "aria-label": "Picture of the network of " + host.name });
    if (uplinks.length) group.append(make("ul", { class: "uplinks" }, ...uplinks.map((one) => make("li", {}, uplink(view, one)))));
    const networks = make("div", { class: uplinks.length && bridges.length ? "networks" : "networks alone" });
    networks.append(...bridges.map((bridge) => ofBridge(view, bridge)));
    const loose = pairs.map((one) => end(view, one));
    for (const space of network.namespaces) {
      if (!view.drawn.has(space.name)) loose.push(make("li", { class: "end" }, card(view, space, null)));
    }
    const lost = network.ports.filter((port) => !view.drawn.has(port));
    if (lost.length) loose.push(make("li", { class: "end" }, make("div", { class: "chips" }, ...lost.flatMap((port) => published(view, port)))));
    if (loose.length) networks.append(make("div", { class: "network loose" }, make("ul", { class: "ends" }, ...loose)));
    group.append(networks);
    rove(group);
    return group;
  }

  function node(view, kind, label, what, faults, children, search, show) {
    const button = make("button", { type: "button", class: "open" }, label, what ? make("span", { class: "what" }, " " + what) : null);
    const element = make("div", { class: kind + " node" + (faults.length ? " faulty" : "") }, button, ...children, ...wrongs(faults));
    register(view, element, button, faults, search, show);
    return element;
  }

  function register(view, element, button, faults, search, show) {
    const words = search.words.filter(Boolean).map((word) => String(word).toLowerCase());
    const item = {
      element, button, show, host: view.host, faulty: faults.length > 0, words,
      text: [view.host.name.toLowerCase(), ...words].join("\n"), ports: search.ports || [],
    };
    items.push(item);
    button.addEventListener("click", () => open(item));
  }

  const wordsOf = (one) => [one.name, one.mac_address, one.owner, ...one.addresses];

  function uplink(view, one) {
    const ways = view.network.host.routes.filter((route) => route.to === "default" && route.interface === one.name);
    const kind = ways.length ? "uplink" : one.kind || "interface";
    return node(view, "uplink", one.name, kind, one.faults, addresses(one.addresses), { words: wordsOf(one) },
      () => ofInterface(view, one, kind + " " + one.name));
  }

  function ofBridge(view, bridge) {
    const ends = view.network.host.interfaces.filter((one) => one.bridge === bridge.name).map((one) => end(view, one));
    const lost = view.network.ports.filter((port) => !port.to && port.owner === bridge.owner && !view.drawn.has(port));
    const chips = lost.flatMap((port) => published(view, port));
    const element = node(view, "bridge", bridge.name, "bridge, " + many(ends.length, "port"), bridge.faults,
      [...addresses(bridge.addresses)], { words: wordsOf(bridge) }, () => ofInterface(view, bridge, "bridge " + bridge.name));
    return make("div", { class: "network" }, element, chips.length ? make("div", { class: "chips" }, ...chips) : null,
      make("ul", { class: "ends", "aria-label": "Ports of " + bridge.name }, ...ends));
  }

  // An end of a pair or another port, with the namespace that it leads to.
  function end(view, one) {
    const space = one.peer && view.spaces.get(one.peer[0]);
    const down = !one.enabled || one.faults.length > 0;
    const inner = space
      ? card(view, space, one)
      : node(view, "port", one.name, one.kind || "interface", one.faults, addresses(one.addresses), { words: wordsOf(one) },
        () => ofInterface(view, one, one.name));
    const pair = space ? make("span", { class: "pair", title: one.name }, one.name + " ─ " + one.peer[1]) : null;
    return make("li", { class: down ? "end down" : "end" }, pair, inner);
  }

  function card(view, space, outer) {
    const elsewhere = view.drawn.has(space.name);
    view.drawn.add(space.name);
    const shown = outer ? space.interfaces.filter((one) => one.name === outer.peer[1]) : space.interfaces.filter((one) => one.name !== "lo");
    const names = outer ? [outer.peer[1]] : Object.keys(space.leases);
    const ports = [...new Set([...shown.map((one) => one.name), ...names])]
      .flatMap((name) => view.at.get(JSON.stringify([space.name, name])) || []);
    const faults = [
      ...(elsewhere ? [] : space.faults), ...(outer ? outer.faults : []), ...shown.flatMap((one) => one.faults),
    ];
    const search = {
      words: [space.name, ...space.owners, ...shown.flatMap(wordsOf), ...(outer ? [outer.name, outer.bridge, outer.mac_address] : []),
        ...names.flatMap((name) => space.leases[name] || [])],
      ports,
    };
    const chips = ports.flatMap((port) => published(view, port));
    return node(view, "namespace", space.name, space.live ? "" : "gone", faults,
      [...shown.flatMap((one) => addresses(one.addresses)), chips.length ? make("div", { class: "chips" }, ...chips) : null],
      search, () => ofSpace(view, space, ports));
  }

  const published = (view, port) => [chip(view, port), ...wrongs(port.faults)];

  function chip(view, port) {
    view.drawn.add(port);
    const only = port.versions.length === 1 && port.label !== port.outer ? " " + port.versions[0].replace("ip", "IP") : "";
    const to = port.to_port && !port.routed ? " to " + port.to_port : "";
    const broken = port.faults.length > 0;
    const button = make("button", {
      type: "button", class: "chip open" + (broken ? " faulty" : ""),
      "aria-label": "published port " + port.label + to + (broken ? ", broken" : ""),
    },
      port.outer + only + to);
    register(view, button, button, port.faults, { words: [port.label, port.to_address, port.owner], ports: [port] }, () => ofPort(view, port));
    return button;
  }

  // Within a picture, Tab stops once, and the arrow keys move.
  function rove(group) {
    const shown = () => [...group.querySelectorAll("button.open")].filter((one) => one.offsetParent !== null);
    const all = group.querySelectorAll("button.open");
    all.forEach((one, number) => { one.tabIndex = number ? -1 : 0; });
    const take = (one) => {
      group.querySelectorAll("button.open[tabindex='0']").forEach((other) => { other.tabIndex = -1; });
      one.tabIndex = 0;
    };
    group.addEventListener("focusin", (event) => { if (event.target.matches("button.open")) take(event.target); });
    group.addEventListener("keydown", (event) => {
      const buttons = shown();
      const here = buttons.indexOf(event.target);
      const next = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (here < 0 || next === undefined) return;
      event.preventDefault();
      (buttons[Math.min(Math.max(next, 0), buttons.length - 1)]).focus();
    });
    group.settle = () => {
      const buttons = shown();
      if (buttons.length && !buttons.some((one) => one.tabIndex === 0)) take(buttons[0]);
    };
    group.dataset.picture = "";
  }

  // --- Details ---

  function table(title, columns, rows) {
    if (!rows.length) return [make("h3", {}, title), make("p", {}, "none")];
    const head = make("tr", {}, ...columns.map((column) => make("th", { scope: "col" }, column)));
    const body = rows.map((row) => make("tr", {}, ...row.map((cell) => make("td", {}, String(cell ?? "")))));
    return [make("h3", {}, title), make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)))];
  }

  const state = (one) => (one.enabled ? (one.carrier ? "up" : "up, no carrier") : "down");
  const ofAddresses = (list) => table("Addresses", ["interface", "address", "state", "MAC address", "MTU"],
    list.flatMap((one) => (one.addresses.length ? one.addresses : [""]).map((address) =>
      [one.name, address, state(one), one.mac_address, one.mtu])));
  const ofRoutes = (list) => table("Routes", ["to", "via", "interface", "metric", "table", "type"],
    list.map((one) => [one.to, one.via, one.interface, one.metric, one.table, one.type]));
  const ofNeighbours = (list) => table("Neighbours", ["address", "MAC address", "interface", "state"],
    list.map((one) => [one.address, one.mac_address, one.interface, one.state]));
  const ofRules = (list) => [make("h3", {}, "Rules"), list.length
    ? make("ul", { class: "rules" }, ...list.map((one) => make("li", {}, make("code", {}, [one.ip_version, one.table, one.chain].join(" ") + ": " + one.text))))
    : make("p", {}, "none")];

  function ofSpace(view, space) {
    const owners = new Set(space.owners);
    const names = new Set(space.interfaces.map((one) => one.name).concat(Object.keys(space.leases)));
    const ports = view.network.ports.filter((port) => port.to && port.to[0] === space.name && names.has(port.to[1]));
    const ips = new Set(space.interfaces.flatMap((one) => one.addresses.map((address) => address.split("/")[0])));
    const rules = [...ports.flatMap((port) => port.rules),
      ...view.network.rules.filter((rule) => owners.has(rule.owner) && rule.text.split(/[ /]/).some((word) => ips.has(word)))];
    return ["namespace " + space.name, [...wrongs([...space.faults, ...space.interfaces.flatMap((one) => one.faults), ...ports.flatMap((port) => port.faults)]),
      ...ofAddresses(space.interfaces), ...ofRoutes(space.routes), ...ofNeighbours(space.neighbours), ...ofRules(rules)]];
  }

  function ofInterface(view, one, title) {
    const host = view.network.host;
    const about = (list) => list.filter((entry) => entry.interface === one.name);
    const rules = view.network.rules.filter((rule) => one.kind === "bridge" && (rule.bridge === one.name || (one.owner && rule.owner === one.owner)));
    return [title, [...wrongs(one.faults), ...ofAddresses([one]), ...ofRoutes(about(host.routes)), ...ofNeighbours(about(host.neighbours)),
      ...ofRules(rules)]];
  }

  function ofPort(view, port) {
    const to = port.to ? (port.to[0] === null ? port.to[1] + " of the host" : "namespace " + port.to[0] + ", " + port.to[1]) : "nobody";
    return ["published port " + port.label, [...wrongs(port.faults),
      ...ofQuestion(view, port),
      ...table("Target", ["to", "address", "port", "owner"], [[to, port.to_address, port.to_port, port.owner]]), ...ofRules(port.rules)]];
  }

  // The task that says what happens to those who use a broken port: to the host's router if the port is for others, else to the host.
  function ofQuestion(view, port) {
    if (!port.faults.length || !["tcp", "udp"].includes(port.protocol)) return [];
    const host = view.network.host, version = port.versions[0];
    const way = host.routes.find((route) => route.to === "default" && route.via && route.ip_version === version);
    const card = way && host.interfaces.find((one) => one.name === way.interface);
    const colon = version === "ipv6";
    const own = card && card.addresses.map((address) => address.split("/")[0]).find((ip) => ip.includes(":") === colon);
    const inner = port.host_ip && (port.host_ip.startsWith("127.") || port.host_ip === "::1");
    const to = port.routed ? port.to_address : port.host_ip || own || (colon ? "::1" : "127.0.0.1");
    const lines = ["- name: " + JSON.stringify("Explain port " + port.outer), "  netplumb.linuxnet.path_info:"];
    if (own && !inner) lines.push("    source:", "      address: " + JSON.stringify(way.via), "      interface: " + JSON.stringify(way.interface));
    lines.push("    destination: " + JSON.stringify(to), "    port: " + (port.routed ? port.to_port : port.host_port).split("-")[0],
      "    protocol: " + port.protocol);
    return [make("h3", {}, "A task that says why"),
      make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "A task that says why" }, make("pre", {}, lines.join("\n")))];
  }

  function open(item) {
    close(false);
    const [title, parts] = item.show();
    byId("details-title").textContent = title + " on " + item.host.name;
    byId("details-text").replaceChildren(...parts);
    byId("details").hidden = false;
    byId("details").scrollTop = 0;
    item.element.dataset.open = "";
    opened = item;
    byId("details-title").focus({ preventScroll: true });
  }

  function close(back) {
    if (!opened) return;
    byId("details").hidden = true;
    delete opened.element.dataset.open;
    if (back) opened.button.focus();
    opened = null;
  }

  // --- Search ---

  const COMPLETE = /^\d+\.\d+\.\d+\.\d+$/;

  function matches(item, query) {
    if (!query) return true;
    if (/^\d{1,5}$/.test(query) && item.ports.some((port) => hasPort(port, Number(query)))) return true;
    // A complete address means this one, not all that begin with it.
    if (COMPLETE.test(query)) return item.words.some((word) => word.split("/")[0] === query);
    return item.text.includes(query);
  }

  const hasPort = (port, number) => [port.host_port, port.to_port].some((range) => {
    if (!range) return false;
    const [first, last] = range.split("-").map(Number);
    return first <= number && number <= (last || first);
  });

  function search() {
    const query = byId("search").value.trim().toLowerCase();
    const broken = byId("broken").checked;
    const asked = query !== "" || broken;
    let found = 0;
    const fits = new Set(items.filter((item) => matches(item, query) && (!broken || item.faulty)));
    for (const item of items) {
      if (item.whole || item.element.classList.contains("chip")) continue;
      const inside = [...item.element.querySelectorAll(".chip")].some((chip) => fitting(fits, chip));
      item.fits = fits.has(item) || inside;
      if (item.fits) found += 1;
      const place = item.element.closest("li") || item.element;
      if (!item.element.classList.contains("bridge")) place.hidden = asked && !item.fits;
    }
    for (const chips of document.querySelectorAll("li.end > .chips, .network > .chips")) {
      const lost = [...chips.querySelectorAll(".chip")].filter((chip) => fitting(fits, chip)).length;
      chips.hidden = asked && !lost;
      found += lost;
    }
    for (const network of document.querySelectorAll(".network")) {
      const bridge = items.find((item) => item.element.parentElement === network);
      const some = [...network.querySelectorAll(":scope > .ends > li, :scope > .chips")].some((one) => !one.hidden);
      network.hidden = asked && !some && !(bridge && bridge.fits);
    }
    for (const section of document.querySelectorAll(".host")) {
      const whole = items.some((item) => item.whole && item.element === section && fits.has(item));
      const some = [...section.querySelectorAll(".uplinks > li, .network")].some((one) => !one.hidden);
      if (section.querySelector("[data-picture]")) section.hidden = asked && !some && !whole;
    }
    document.querySelectorAll("[data-picture]").forEach((group) => group.settle());
    byId("found").textContent = asked ? (found ? found + " found" : "nothing found") : "";
  }

  const chipItems = new Map();
  const fitting = (fits, chip) => fits.has(chipItems.get(chip));

  // --- The page ---

  byId("pictures").append(...hosts.map(draw));
  items.forEach((item) => { if (item.button === item.element) chipItems.set(item.element, item); });
  const sum = (what) => hosts.reduce((total, host) => total + (host.network ? what(host.network) : 0), 0);
  const faults = sum((network) => network.faults.length) + hosts.filter((host) => !host.network).length;
  byId("summary").textContent = [many(hosts.length, "host"), many(sum((network) => network.namespaces.length), "namespace"),
    many(sum((network) => network.ports.length), "published port"), faults ? many(faults, "fault") : "no faults"].join(", ");
  byId("search").addEventListener("input", search);
  byId("broken").addEventListener("change", search);
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  byId("close").addEventListener("click", () => close(true));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && opened) close(true);
    else if (event.key === "/" && !(event.target.matches && event.target.matches("input"))) {
      event.preventDefault();
      byId("search").focus();
    }
  });
})();
