/** Screens that are loaded when they are first shown. The service worker keeps their files: no network is needed. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";

/** A screen that stands in for one which `load` brings. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [isFailed, setFailed] = useState(false);
    const [, setLoaded] = useState(loaded !== null);
    useEffect(() => {
      if (loaded) return;
      load().then(
        (screen) => {
          loaded = screen;
          setLoaded(true);
        },
        () => setFailed(true),
      );
    }, []);
    const Screen = loaded;
    if (Screen) return <Screen {...props} />;
    return isFailed ? <NotLoaded /> : null;
  };
}

/** Happens where another tab has taken a new version over, or before everything was kept for use without network. */
function NotLoaded() {
  return (
    <>
      <p class="flash" role="alert" data-testid="not-loaded">
        {t("app.not_loaded")}
      </p>
      <button type="button" class="primary wide" onClick={() => location.reload()}>
        {t("app.reload")}
      </button>
    </>
  );
}
