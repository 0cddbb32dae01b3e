/// Words of praise and of blame, to score lists of tokens.
package struct SentimentLexicon: Sendable, Equatable {
  /// Lower-case words, disjoint from `negative`.
  package let positive: Set<String>
  package let negative: Set<String>

  package init(positive: Set<String>, negative: Set<String>) {
    self.positive = positive
    self.negative = negative
  }

  /// The project's own list of English sentiment words, from general knowledge: committed before any displacement of a
  /// fine-tuned model was looked at, and not changed since. Words with a common neutral sense ("like", "moving",
  /// "flat") are left out.
  package static let english = SentimentLexicon(
    positive: words(
      """
      absorbing acclaimed admirable admirably admire admired adorable adore adored amazing amazingly amusing
      applaud appreciate appreciated authentic awesome beautiful beautifully beauty believable best better brave
      bravely breathtaking brilliance brilliant brilliantly captivated captivating charm charming cheerful
      classic clever cleverly compelling convincing convincingly courage courageous creative creativity dazzling
      delight delighted delightful divine effective effectively elegance elegant enchanted enchanting engaging
      engrossing enjoy enjoyable enjoyed enjoying enjoyment entertained entertaining entertainment excellence
      excellent exceptional exceptionally excited excitement exciting exquisite extraordinary fabulous fantastic
      fascinated fascinating faultless favorite favorites favourite finest flawless flawlessly fresh fun
      funniest funny gem genius gentle genuine genuinely gifted glad good gorgeous grace graceful great greater
      greatest gripping happily happiness happy heartfelt heartwarming heavenly hero heroic hilarious
      hilariously honest hope hopeful hopefully humorous hypnotic imaginative impressed impressive impressively
      ingenious innovative insightful inspiration inspirational inspired inspiring intelligent intelligently
      intriguing inventive joy joyful joyous kindness legendary likable likeable lively lovable love loved
      lovely loves loving magic magical magnificent marvelous masterful masterfully masterpiece memorable
      mesmerizing noble nuanced optimistic originality outstanding perfect perfection perfectly phenomenal
      pleasant pleasantly pleased pleasing pleasure polished positive positively powerful powerfully praise
      praised praiseworthy pride proud realistic recommend recommended refreshing refreshingly remarkable
      remarkably respect respected rewarding riveting satisfaction satisfied satisfying sensational sincere
      skill skilled skillful skillfully smart solid spectacular spellbinding splendid stunning stunningly
      stylish sublime succeed succeeded succeeds success successful successfully superb superbly superior
      superlative sweet talent talented tender terrific thoughtful thrilled thrilling timeless touched touching
      treasure treat tremendous triumph triumphant unforgettable uplifting vibrant vivid warm warmth win winner
      winning wisdom wise wit witty wonderful wonderfully worth worthwhile worthy
      """),
    negative: words(
      """
      abominable absurd abysmal agonizing agony amateur amateurish annoy annoyed annoying annoyingly annoys
      appalling appallingly artificial asinine atrocious avoid awful awfully awkward awkwardly bad badly bland
      bleak bloated bore bored boredom boring botched brainless bungled careless catastrophe cheap cheaply
      cheesy cliche cliched clumsily clumsy confused confusing contemptible contrived corny crap crappy cringe
      deplorable depressed depressing depressingly derivative despicable despise despised detest dire disappoint
      disappointed disappointing disappointingly disappointment disappoints disaster disastrous disgust
      disgusted disgusting disjointed dislike disliked dreadful dreadfully dreary dreck drivel dull dullest dumb
      dumber dumbest embarrassed embarrassing embarrassingly embarrassment error errors excruciating
      excruciatingly fail failed failing fails failure failures fake fault faults flaw flawed flaws flop fool
      foolish formulaic frustrated frustrating frustration garbage generic gloomy grim gross hate hated hates
      hating hatred hideous hollow hopeless hopelessly horrendous horrible horribly horrid humorless idiot
      idiotic idiots illogical imbecile implausible inane incoherent incompetence incompetent incomprehensible
      inept ineptitude ineptly inexcusable inferior infuriating insipid insufferable insult insulted insulting
      intolerable irritate irritated irritating junk lame lamest laughable laughably lifeless loathe loathing
      lousy ludicrous meaningless mediocre mediocrity mess messy mindless miserable miserably misery mistake
      mistakes moron moronic morons muddled nasty nauseating nonsense nonsensical obnoxious offended offensive
      overblown overlong overrated pain painful painfully pathetic pathetically phony pitiful pointless pompous
      poor poorest poorly predictable predictably pretentious problem problems regret regrettable repulsive
      revolting ridiculous ridiculously rubbish ruin ruined ruins sad sadly senseless shallow shame shameful
      shameless shamelessly sickening silly sloppy soulless stilted stupid stupidity stupidly superficial tacky
      tasteless tedious tedium terrible terribly tiresome tiring torture torturous trash trashy tripe ugly
      unbearable unbearably unconvincing unforgivable unfortunate unfortunately unfunny unimaginative uninspired
      uninspiring unlikable unlikeable unoriginal unpleasant unprofessional unrealistic unsympathetic
      unwatchable useless vacuous vapid vile waste wasted wasting weak weaker weakest wooden worse worst
      worthless worthlessness wreck wretched wrong
      """))

  private static func words(_ text: String) -> Set<String> {
    Set(text.split { $0 == " " || $0 == "\n" }.map(String.init))
  }
}
