import { chooseLanguage, chooseTheme, theme } from "../look.ts"
import { Card } from "../parts/card.tsx"
import { Choice } from "../parts/field.tsx"
import { language, words } from "../words.ts"

const t = words({
  en: {
    title: "This browser",
    language: "Language",
    theme: "Look",
    auto: "As the device is set",
    light: "Light",
    dark: "Dark",
  },
  de: {
    title: "Dieser Browser",
    language: "Sprache",
    theme: "Aussehen",
    auto: "Wie das Gerät eingestellt ist",
    light: "Hell",
    dark: "Dunkel",
  },
})

export function LookCard() {
  return (
    <Card title={t().title}>
      <Choice
        legend={t().language}
        value={language.value}
        onChange={chooseLanguage}
        options={[
          { value: "en", label: "English" },
          { value: "de", label: "Deutsch" },
        ]}
      />
      <Choice
        legend={t().theme}
        value={theme.value}
        onChange={chooseTheme}
        options={(["auto", "light", "dark"] as const).map((one) => ({ value: one, label: t()[one] }))}
      />
    </Card>
  )
}
