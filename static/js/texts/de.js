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
    barred: "Beitrittscode nötig",
    waiting: "Warten auf den Sender…",
    ended: "Beendet",
  },
  camera: {
    insecure:
      "Browser geben einer Seite über einfaches http keine Kamera, außer auf localhost. Öffnen Sie diese Seite als http://localhost auf dem Rechner, auf dem sie läuft, oder über https: mit --lan gestartet, bietet Moodlight das an.",
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
    hostLead: "Nichts bleibt",
    estimateLead: "Aussehen, nicht Gefühl",
    accuracyLead: "Oft falsch",
    usesLead: "Nicht für alles",
    title: "Was drückt ein Gesicht aus?",
    intro: "Moodlight zeichnet um jedes Gesicht im Bild einen Rahmen und schätzt seinen Ausdruck, live.",
    host: (host) =>
      `Bilder gehen an ${host}, werden nur im Speicher betrachtet und nie gespeichert oder protokolliert.`,
    estimate: "Geschätzt wird, was ein Gesicht zeigt, nicht, was ein Mensch fühlt.",
    accuracy: (accuracy, crowd, worst, recall) =>
      `Es stimmt mit ${percent(accuracy)} der Testbilder von FER2013 überein` +
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
    why: "Warum?",
    videoStep: "Untersuchte Bilder je Sekunde",
    snapshot: "Foto",
    fullScreen: "Vollbild",
    flip: "Andere Kamera",
    toBack: "Rückkamera",
    toFront: "Frontkamera",
    curtain: "Pause. Die Kamera ist aus, nichts wird gesendet.",
    stop: "Beenden und löschen",
    record: "Zahlen aufzeichnen",
    stopRecording: "Aufzeichnung beenden",
    neutral: "Mein neutrales Gesicht",
    neutralHint: "Zwei Sekunden neutral schauen…",
    neutralOn: (face) => `Neutrales Gesicht: an${face && `, ${face}`}`,
    neutralOff: "Neutrales Gesicht: aus",
    forget: "Vergessen",
    performance: "Leistung",
    timeline: "Letzte zwei Minuten",
    summary: "Aufgezeichnete Sitzung",
    exportCsv: "Als CSV",
    exportJson: "Als JSON",
    about: "Wie gut es ist, Grenzen und Lizenzen",
    close: "Schließen",
    stage: "Kamera und Rahmen",
    panel: "Ausdruck",
    join: "Beitreten",
    joinTitle: "Dieses Moodlight verlangt einen Code",
    code: "Beitrittscode",
    share: "Teilen",
    shareScan: "Mit einem Telefon im selben Netz scannen, oder öffnen:",
    shareFailed: "Der Server hat seine Adresse nicht genannt. Schließen und noch einmal versuchen.",
    certificate: "Zertifikat, SHA-256",
    trustTitle: "Diesem Server dauerhaft vertrauen",
    trust:
      "Browser warnen vor einem Zertifikat, das sie nicht kennen. Ist diese Zertifizierungsstelle auf einem Gerät installiert, warnen sie nicht mehr. Installieren Sie sie nur, wenn ihr SHA-256 der im Terminal des Servers ist, und entfernen Sie sie, wenn Sie Moodlight nicht mehr nutzen.",
    download: "Zertifizierungsstelle herunterladen",
    viewerTitle: "Andere zuschauen lassen",
    viewerHint:
      "Wer den Link öffnet, sieht Rahmen und Zahlen Ihrer Gesichter, nie das Bild, bis Sie ihn beenden oder diese Seite verlassen. Alle im Bild sollten einverstanden sein.",
    makeLink: "Zuschauerlink erstellen",
    endLink: "Zuschauerlink beenden",
    watchIntro: "Rahmen und Zahlen, die jemand mit Ihnen teilt. Das Bild bleibt bei ihm.",
  },
  trust: {
    Android:
      "Herunterladen, dann in den Einstellungen nach „CA-Zertifikat“ suchen (Sicherheit, Verschlüsselung und Anmeldedaten, Zertifikat installieren) und die Datei wählen.",
    "iPhone, iPad":
      "Mit Safari herunterladen und erlauben. Einstellungen, Allgemein, VPN & Geräteverwaltung: installieren. Dann Allgemein, Info, Zertifikatsvertrauenseinstellungen: einschalten.",
    Windows:
      "Datei öffnen, Zertifikat installieren, Aktueller Benutzer, und in „Vertrauenswürdige Stammzertifizierungsstellen“ ablegen.",
    macOS:
      "Datei in der Schlüsselbundverwaltung öffnen, „Moodlight on …“ suchen und unter Vertrauen „Immer vertrauen“ wählen.",
    Linux:
      "In Chrome und Chromium: Einstellungen, Datenschutz und Sicherheit, Sicherheit, Zertifikate verwalten: als Zertifizierungsstelle importieren.",
    Firefox:
      "Auf Computern: Einstellungen, Datenschutz & Sicherheit, Zertifikate anzeigen, Zertifizierungsstellen, Importieren; für Websites vertrauen.",
  },
  codeNeeded: "Er steht im Terminal des Servers und unter „Teilen“; Link und QR-Code dort enthalten ihn.",
  codeWrong: "Dieser Code wurde nicht angenommen. Fragen Sie, wer den Server betreibt; nach zehn falschen eine Minute warten.",
  joinCode: (code) => `Beitrittscode: ${code}`,
  noCode: "Es wird kein Beitrittscode verlangt.",
  watching: (count) => (count === 1 ? "1 schaut zu" : `${count} schauen zu`),
  linkEnded: "Dieser Zuschauerlink ist beendet oder voll. Bitten Sie um einen neuen.",
  percent,
  refused: (reason) => `Der Server hat abgelehnt: ${reason}`,
  noFace: "Kein Gesicht im Bild",
  noFaceYet: "Noch kein Gesicht",
  noResult: "Warten auf Ergebnisse…",
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
