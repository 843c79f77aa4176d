// What is said to moderators alone, in every language: they are few, so that no reader's language carries it.

export const WORDS = {
  en: {
    approve: 'Approve', spam: 'Spam', pin: 'Pin', unpin: 'Unpin', close: 'Close the discussion', open: 'Reopen the discussion',
    moderate: 'Moderate', waits: 'Waiting for approval: {n}',
    'done.approve': 'Approved.', 'done.spam': 'Taken for spam.', 'done.pin': 'Pinned.', 'done.unpin': 'No longer pinned.',
    'done.closed': 'The discussion is closed.', 'done.open': 'The discussion is open.',
    'error.changed': 'It has changed meanwhile. Load the page again to see it as it is now.',
  },
  de: {
    approve: 'Freigeben', spam: 'Spam', pin: 'Anheften', unpin: 'Lösen', close: 'Diskussion schließen', open: 'Diskussion wieder öffnen',
    moderate: 'Moderieren', waits: 'Wartet auf Freigabe: {n}',
    'done.approve': 'Freigegeben.', 'done.spam': 'Als Spam entfernt.', 'done.pin': 'Angeheftet.', 'done.unpin': 'Nicht mehr angeheftet.',
    'done.closed': 'Die Diskussion ist geschlossen.', 'done.open': 'Die Diskussion ist offen.',
    'error.changed': 'Der Kommentar hat sich inzwischen geändert. Laden Sie die Seite neu, um ihn zu sehen, wie er jetzt ist.',
  },
  fr: {
    approve: 'Approuver', spam: 'Spam', pin: 'Épingler', unpin: 'Désépingler', close: 'Fermer la discussion', open: 'Rouvrir la discussion',
    moderate: 'Modérer', waits: 'En attente d’approbation : {n}',
    'done.approve': 'Approuvé.', 'done.spam': 'Considéré comme spam.', 'done.pin': 'Épinglé.', 'done.unpin': 'N’est plus épinglé.',
    'done.closed': 'La discussion est fermée.', 'done.open': 'La discussion est ouverte.',
    'error.changed': 'Il a changé entre-temps. Rechargez la page pour le voir tel qu’il est.',
  },
  es: {
    approve: 'Aprobar', spam: 'Spam', pin: 'Fijar', unpin: 'Dejar de fijar', close: 'Cerrar el debate', open: 'Reabrir el debate',
    moderate: 'Moderar', waits: 'Esperan aprobación: {n}',
    'done.approve': 'Aprobado.', 'done.spam': 'Tratado como spam.', 'done.pin': 'Fijado.', 'done.unpin': 'Ya no está fijado.',
    'done.closed': 'El debate está cerrado.', 'done.open': 'El debate está abierto.',
    'error.changed': 'Ha cambiado mientras tanto. Vuelva a cargar la página para verlo como está ahora.',
  },
  ru: {
    approve: 'Одобрить', spam: 'Спам', pin: 'Закрепить', unpin: 'Открепить', close: 'Закрыть обсуждение', open: 'Открыть обсуждение',
    moderate: 'Модерация', waits: 'Ждут одобрения: {n}',
    'done.approve': 'Одобрено.', 'done.spam': 'Признано спамом.', 'done.pin': 'Закреплено.', 'done.unpin': 'Больше не закреплено.',
    'done.closed': 'Обсуждение закрыто.', 'done.open': 'Обсуждение открыто.',
    'error.changed': 'Комментарий тем временем изменился. Обновите страницу, чтобы увидеть его таким, какой он сейчас.',
  },
  ar: {
    approve: 'موافقة', spam: 'رسالة مزعجة', pin: 'تثبيت', unpin: 'إلغاء التثبيت', close: 'إغلاق النقاش', open: 'إعادة فتح النقاش',
    moderate: 'الإشراف', waits: 'بانتظار الموافقة: {n}',
    'done.approve': 'تمت الموافقة.', 'done.spam': 'عُدّ رسالة مزعجة.', 'done.pin': 'ثُبّت.', 'done.unpin': 'لم يعد مثبتًا.',
    'done.closed': 'النقاش مغلق.', 'done.open': 'النقاش مفتوح.',
    'error.changed': 'لقد تغيّر في هذه الأثناء. أعد تحميل الصفحة لتراه كما هو الآن.',
  },
};
