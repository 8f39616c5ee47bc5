// @ts-check
/** German. */

/** @type {typeof import("./en.js").en} */
export const de = {
  labels: {
    Anger: "Ärger",
    Disgust: "Ekel",
    Fear: "Angst",
    Happy: "Freude",
    Neutral: "Neutral",
    Sad: "Trauer",
    Surprise: "Staunen",
  },
  state: {
    idle: "Kamera aus",
    asking: "Warten auf die Kamera…",
    connecting: "Verbinden…",
    starting: "Das Modell startet…",
    running: "Live",
    hidden: "Pause, solange dieser Tab verdeckt ist",
    paused: "Pause",
    stalled: "Der Server antwortet langsam…",
    full: "Der Server ist voll. Neuer Versuch…",
    offline: "Verbindung verloren. Neuer Versuch…",
    stopped: "Kamera aus",
    failed: "Keine Kamera",
    picture: "Bild",
    analysing: "Das Video wird untersucht…",
    video: "Video",
  },
  camera: {
    insecure:
      "Browser geben einer Seite über einfaches http keine Kamera, außer auf localhost. Öffnen Sie diese Seite als http://localhost auf dem Rechner, auf dem sie läuft, oder über https.",
    refused:
      "Die Kamera wurde verweigert. Erlauben Sie sie in der Adresszeile oder in den Systemeinstellungen und starten Sie noch einmal.",
    missing: "Keine Kamera gefunden. Schließen Sie eine an und starten Sie noch einmal.",
    busy: "Ein anderes Programm hält die Kamera. Schließen Sie es und starten Sie noch einmal.",
    unsuitable: "Diese Kamera liefert kein brauchbares Bild. Wählen Sie eine andere.",
    failed: "Die Kamera ließ sich nicht öffnen. Laden Sie die Seite neu.",
    ended: "Die Kamera wurde abgezogen oder ausgeschaltet. Verbinden Sie sie und starten Sie neu.",
    number: (position) => `Kamera ${position}`,
  },
  page: {
    title: "Was drückt ein Gesicht aus?",
    intro: "Moodlight zeichnet um jedes Gesicht im Bild einen Rahmen und schätzt seinen Ausdruck, live.",
    host: (host) =>
      `Bilder gehen an ${host}, werden nur im Speicher betrachtet und nie gespeichert oder protokolliert.`,
    estimate: "Geschätzt wird, was ein Gesicht zeigt, nicht, was ein Mensch fühlt.",
    accuracy: (accuracy, crowd, worst, recall) =>
      `Es irrt oft: Es stimmt mit ${percent(accuracy)} der Testbilder von FER2013 überein` +
      (crowd ? ` und mit ${percent(crowd)} der Mehrheiten von zehn Menschen` : "") +
      `; am schlechtesten bei ${worst}, davon findet es ${percent(recall)}.`,
    uses: "Nicht bei der Arbeit oder in der Bildung verwenden (EU-KI-Verordnung, Art. 5 Abs. 1 f), auch nicht bei Einstellung, Polizei oder Medizin.",
    consent: "Ich habe das gelesen, und alle im Bild sind einverstanden.",
    start: "Kamera starten",
    openFile: "Bild oder Video öffnen",
    progress: "Bisher untersucht",
    seek: "Stelle im Video",
    play: "Abspielen",
    session: "Übersicht",
    camera: "Kamera",
    mirror: "Spiegeln",
    pause: "Pause",
    resume: "Weiter",
    snapshot: "Foto",
    fullScreen: "Vollbild",
    flip: "Andere Kamera",
    stop: "Beenden und löschen",
    record: "Zahlen aufzeichnen",
    stopRecording: "Aufzeichnung beenden",
    neutral: "Mein neutrales Gesicht",
    neutralHint: "Zwei Sekunden neutral schauen…",
    neutralOn: "Neutrales Gesicht: an",
    neutralOff: "Neutrales Gesicht: aus",
    forget: "Vergessen",
    performance: "Leistung",
    timeline: "Letzte zwei Minuten",
    summary: "Aufgezeichnete Sitzung",
    exportCsv: "Als CSV",
    exportJson: "Als JSON",
    about: "Über Moodlight",
    close: "Schließen",
    stage: "Kamera und Rahmen",
    panel: "Ausdruck",
  },
  percent,
  refused: (reason) => `Der Server hat abgelehnt: ${reason}`,
  noFace: "Kein Gesicht im Bild",
  noFaceYet: "Noch kein Gesicht",
  unsure: "Unsicher",
  face: (track) => `Gesicht ${track + 1}`,
  headline: (label, confidence) => `${label}, ${percent(confidence)}`,
  unsureHeadline: (label) => `Unsicher, vielleicht ${label}`,
  spoken: (face, label) => `${face}: ${label}`,
  figures: {
    sent: "Bilder gesendet / Ergebnisse gezeigt je Sekunde",
    roundTrip: "Hin und zurück, Median / p95",
    server: "Server: Warten, Dekodieren, Finden, Einordnen",
    dropped: "Verworfene Bilder",
    frame: "Bild",
  },
  session: {
    duration: (time, results) => `${time}, ${results} Ergebnisse`,
    changes: "Wechsel",
    confidence: "mittlere Sicherheit",
    empty: "Während der Aufzeichnung war kein Gesicht zu sehen.",
  },
  picture: {
    unreadable: "Dieser Browser kann die Datei nicht als Bild lesen. Versuchen Sie JPEG, PNG oder WebP.",
    unplayable: "Dieser Browser kann das Video nicht abspielen. Versuchen Sie MP4 (H.264) oder WebM.",
    timeLeft: (time) => `noch ${time}`,
    faces: (count) =>
      count === 0 ? "Kein Gesicht gefunden" : count === 1 ? "1 Gesicht" : `${count} Gesichter`,
    refused: (reason) => `Das Bild konnte nicht untersucht werden: ${reason}`,
  },
};

/** @param {number} share 0..1 */
function percent(share) {
  return `${Math.round(share * 100)} %`;
}
